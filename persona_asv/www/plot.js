"use strict";
/*
 * $.plot as asv's scripts call it: lines, points and bars on a canvas, with axes, markings, a legend, hovering,
 * clicking and selecting a range. Labels are HTML that the caller has escaped; axis titles are drawn as text.
 */
(function ($) {
    var FONT = "12px sans-serif";
    var UNITS = [1, 60, 3600, 86400, 604800, 2629800, 31557600].map(function (s) { return 1000 * s; });

    function identity(v) { return v; }

    function niceStep(span, count) {
        var rough = span / Math.max(count, 1);
        var power = Math.pow(10, Math.floor(Math.log(rough) / Math.LN10));
        var step = [1, 2, 2.5, 5, 10].filter(function (m) { return m * power >= rough; })[0] || 10;
        return step * power;
    }

    function timeStep(span, count) {
        var rough = span / Math.max(count, 1);
        var unit = UNITS.filter(function (u) { return u <= rough; }).pop() || UNITS[0];
        return unit * Math.ceil(rough / unit);
    }

    function date(v) { return new Date(v).toISOString().slice(0, 10); }

    /* One axis: its range, where a value is on it, its ticks with their labels. */
    function makeAxis(options, series, index, categories) {
        var axis = {options: options, min: Infinity, max: -Infinity};
        var forward = options.transform || identity;
        series.forEach(function (one) {
            one.points.forEach(function (point) {
                var v = point[index];
                if (v === null || v === undefined || !isFinite(v) || point[1] === null) { return; }
                axis.min = Math.min(axis.min, v);
                axis.max = Math.max(axis.max, v);
            });
        });
        if (axis.min > axis.max) { axis.min = 0; axis.max = 1; }
        if (categories) { axis.min -= 0.5; axis.max += 0.5; }
        if (axis.min === axis.max) {
            var widen = axis.max === 0 ? 1 : Math.abs(axis.max) * 0.01;
            axis.min -= widen;
            axis.max += widen;
        } else if (index === 1) {
            axis.max += (axis.max - axis.min) * (options.autoscaleMargin || 0.02);
        }
        if (isFinite(options.min) && options.min !== null) { axis.min = options.min; }
        if (isFinite(options.max) && options.max !== null) { axis.max = options.max; }
        if (axis.max <= axis.min) { axis.max = axis.min + (Math.abs(axis.min) * 0.01 || 1); }
        axis.start = forward(axis.min);
        axis.span = forward(axis.max) - axis.start || 1;
        axis.share = function (v) { return (forward(v) - axis.start) / axis.span; };
        axis.value = function (share) {
            return (options.inverseTransform || identity)(axis.start + share * axis.span);
        };
        return axis;
    }

    function makeTicks(axis, size, categories) {
        var options = axis.options, values = [], label = options.tickFormatter, step, v;
        if (Array.isArray(options.ticks)) {
            values = options.ticks;
        } else if (categories) {
            values = Object.keys(categories).map(function (name) { return categories[name]; });
            label = function (v) {
                return Object.keys(categories).filter(function (name) { return categories[name] === v; })[0];
            };
        } else {
            var time = options.mode === "time";
            step = (time ? timeStep : niceStep)(axis.max - axis.min, 0.3 * Math.sqrt(size));
            label = label || (time ? date : function (v) { return String(Number(v.toPrecision(12))); });
            for (v = Math.ceil(axis.min / step) * step; v <= axis.max + step * 1e-9; v += step) { values.push(v); }
        }
        axis.ticks = values.filter(function (v) { return v >= axis.min && v <= axis.max; }).map(function (v) {
            return {value: v, label: label ? String(label(v, axis)) : String(v)};
        });
    }

    function Plot(placeholder, data, options) {
        var plot = this;
        var x = options.xaxis || {}, y = options.yaxis || {}, grid = options.grid || {};
        var categories = x.mode === "categories" ? {} : null;
        var bars = (options.series || {}).bars || {};
        var drawsPoints = ((options.series || {}).points || {}).show;
        var drawsLines = ((options.series || {}).lines || {show: !bars.show}).show;
        var width = placeholder.width(), height = placeholder.height();
        var series = data.map(function (one, place) {
            var points = one.data.map(function (point) {
                if (!categories) { return point; }
                if (categories[point[0]] === undefined) {
                    categories[point[0]] = Object.keys(categories).length;
                }
                return [categories[point[0]], point[1]];
            });
            return {
                label: one.label, raw: one.data, points: points, place: place,
                color: one.color || (options.colors || ["#247AAD"])[place % (options.colors || [0]).length]
            };
        });
        var xaxis = makeAxis(x, series, 0, categories), yaxis = makeAxis(y, series, 1);
        var selection = null, overlay, box;

        placeholder.empty().off(".plot").addClass("plot");
        if (placeholder.css("position") === "static") { placeholder.css("position", "relative"); }
        var canvas = layer("plot-base"), context = canvas.getContext("2d");
        overlay = layer("plot-overlay");
        layout();
        draw();
        listen();

        function layer(name) {
            var made = document.createElement("canvas"), ratio = window.devicePixelRatio || 1;
            made.className = name;
            made.width = Math.max(1, width * ratio);
            made.height = Math.max(1, height * ratio);
            $(made).css({position: "absolute", left: 0, top: 0, width: width + "px", height: height + "px"});
            made.getContext("2d").scale(ratio, ratio);
            placeholder.append(made);
            return made;
        }

        function layout() {
            context.font = FONT;
            makeTicks(yaxis, height);
            makeTicks(xaxis, width, categories);
            var wide = Math.max.apply(null, [0].concat(yaxis.ticks.map(function (tick) {
                return context.measureText(tick.label.replace(/<[^>]*>/g, "")).width;
            })));
            var named = xaxis.ticks.some(function (tick) { return tick.label; });
            box = {left: 6 + (wide && wide + 8) + (y.axisLabel ? 20 : 0), top: 6};
            box.width = Math.max(1, width - box.left - 10);
            box.height = Math.max(1, height - box.top - 6 - (named ? 18 : 0) - (x.axisLabel ? 18 : 0));
        }

        function px(v) { return box.left + xaxis.share(v) * box.width; }
        function py(v) { return box.top + (1 - yaxis.share(v)) * box.height; }

        function text(label, left, top, align) {
            var made = $("<div class='plot-label'></div>").html(label);
            made.css({position: "absolute", font: FONT, top: top + "px", color: "#545454", whiteSpace: "nowrap"});
            made.css(align === "right" ? {right: width - left + "px"} : {left: left + "px"});
            if (align === "center") { made.css("transform", "translateX(-50%)"); }
            placeholder.append(made);
        }

        function rule(color, x0, y0, x1, y1, wide) {
            context.strokeStyle = color;
            context.lineWidth = wide || 1;
            context.beginPath();
            context.moveTo(x0, y0);
            context.lineTo(x1, y1);
            context.stroke();
        }

        function draw() {
            (grid.markings || []).forEach(function (mark) {
                var range = mark.xaxis || {};
                var from = Math.max(range.from, xaxis.min), to = Math.min(range.to, xaxis.max);
                if (!(from <= to)) { return; }
                if (range.from === range.to) {
                    rule(mark.color, px(from), box.top, px(from), box.top + box.height, mark.lineWidth);
                } else {
                    context.fillStyle = mark.color;
                    context.fillRect(px(from), box.top, px(to) - px(from), box.height);
                }
            });
            yaxis.ticks.forEach(function (tick) {
                rule("#eee", box.left, py(tick.value), box.left + box.width, py(tick.value));
                text(tick.label, box.left - 6, py(tick.value) - 8, "right");
            });
            xaxis.ticks.forEach(function (tick) {
                rule("#ccc", px(tick.value), box.top + box.height, px(tick.value), box.top + box.height + 4);
                if (tick.label) { text(tick.label, px(tick.value), box.top + box.height + 5, "center"); }
            });
            context.strokeStyle = "#545454";
            context.lineWidth = 1;
            context.strokeRect(box.left, box.top, box.width, box.height);
            context.save();
            context.beginPath();
            context.rect(box.left - 4, box.top - 4, box.width + 8, box.height + 8);
            context.clip();
            series.forEach(drawSeries);
            context.restore();
            context.fillStyle = "#545454";
            context.font = FONT;
            context.textAlign = "center";
            if (x.axisLabel) { context.fillText(x.axisLabel, box.left + box.width / 2, height - 5); }
            if (y.axisLabel) {
                context.save();
                context.translate(12, box.top + box.height / 2);
                context.rotate(-Math.PI / 2);
                context.fillText(y.axisLabel, 0, 0);
                context.restore();
            }
            drawLegend();
        }

        function barAt(one, point) {
            var wide = bars.barWidth || 0.6, left = point[0] + (one.place - series.length / 2) * wide;
            return {left: px(left), right: px(left + wide), top: py(point[1]), bottom: py(Math.max(0, yaxis.min))};
        }

        function drawSeries(one) {
            context.strokeStyle = one.color;
            context.lineWidth = ((options.series || {}).lines || {}).lineWidth || 1;
            var open = false;
            if (bars.show) {
                context.fillStyle = one.color;
                one.points.forEach(function (point) {
                    if (point[1] === null) { return; }
                    var bar = barAt(one, point);
                    context.fillRect(bar.left, bar.top, bar.right - bar.left - 1, bar.bottom - bar.top);
                });
                return;
            }
            context.beginPath();
            one.points.forEach(function (point) {
                if (point[1] === null || !drawsLines) { open = false; return; }
                context[open ? "lineTo" : "moveTo"](px(point[0]), py(point[1]));
                open = true;
            });
            context.stroke();
            if (!drawsPoints) { return; }
            one.points.forEach(function (point) {
                if (point[1] === null) { return; }
                context.beginPath();
                context.arc(px(point[0]), py(point[1]), 3, 0, 2 * Math.PI);
                context.fillStyle = "#fff";
                context.fill();
                context.stroke();
            });
        }

        function drawLegend() {
            var legend = options.legend || {}, list = $("<div class='legend'></div>");
            if (!legend.show) { return; }
            series.forEach(function (one) {
                if (!one.label) { return; }
                var row = $("<div></div>"), label = legend.labelFormatter || function (text) {
                    return $("<span></span>").text(text).html();
                };
                row.append($("<i></i>").css("background", one.color));
                row.append($("<span></span>").html(label(one.label, one)));
                list.append(row);
            });
            if (!list.children().length) { return; }
            placeholder.append(list.css({position: "absolute", left: box.left + 9 + "px", top: box.top + 9 + "px"}));
        }

        /* The point under the mouse, or null. */
        function hit(left, top) {
            var best = null, reach = 100;
            series.forEach(function (one) {
                one.points.forEach(function (point, index) {
                    var far, bar;
                    if (point[1] === null) { return; }
                    if (bars.show) {
                        bar = barAt(one, point);
                        far = left >= bar.left && left <= bar.right && top >= bar.top && top <= bar.bottom ? 0 : 1e9;
                    } else {
                        far = Math.pow(px(point[0]) - left, 2) + Math.pow(py(point[1]) - top, 2);
                    }
                    if (far < reach) {
                        reach = far;
                        best = {
                            datapoint: one.raw[index], dataIndex: index, series: one, seriesIndex: one.place,
                            left: px(point[0]), top: py(point[1])
                        };
                    }
                });
            });
            return best;
        }

        function light(item) {
            var pen = overlay.getContext("2d");
            pen.clearRect(0, 0, width, height);
            if (selection) {
                pen.fillStyle = "rgba(232, 207, 172, 0.4)";
                pen.fillRect(selection[0], box.top, selection[1] - selection[0], box.height);
            }
            if (item && !bars.show) {
                pen.strokeStyle = item.series.color;
                pen.globalAlpha = 0.5;
                pen.lineWidth = 5;
                pen.beginPath();
                pen.arc(item.left, item.top, 5, 0, 2 * Math.PI);
                pen.stroke();
                pen.globalAlpha = 1;
            }
        }

        function within(left) { return Math.min(Math.max(left, box.left), box.left + box.width); }

        function ranges() {
            var from = xaxis.value((selection[0] - box.left) / box.width);
            return {xaxis: {from: from, to: xaxis.value((selection[1] - box.left) / box.width)}};
        }

        function listen() {
            var surface = $(overlay), pressed = null;

            function at(event) {
                var corner = surface.offset(), left = event.pageX - corner.left, top = event.pageY - corner.top;
                var item = hit(left, top);
                if (item) {
                    item.pageX = corner.left + item.left;
                    item.pageY = corner.top + item.top;
                }
                return {left: left, top: top, item: item};
            }

            surface.on("mousemove.plot", function (event) {
                var found = at(event);
                if (pressed !== null) {
                    selection = [Math.min(pressed, within(found.left)), Math.max(pressed, within(found.left))];
                }
                light(grid.hoverable ? found.item : null);
                if (grid.hoverable) { placeholder.trigger("plothover", [found, found.item]); }
            });
            surface.on("mouseleave.plot", function () {
                light(null);
                if (grid.hoverable) { placeholder.trigger("plothover", [null, null]); }
            });
            surface.on("click.plot", function (event) {
                if (grid.clickable) { placeholder.trigger("plotclick", [null, at(event).item]); }
            });
            surface.on("mousedown.plot", function (event) {
                if (!options.selection || event.which !== 1) { return; }
                pressed = within(at(event).left);
                $(document).one("mouseup.plot", function () {
                    pressed = null;
                    if (selection && selection[1] - selection[0] >= 5) {
                        placeholder.trigger("plotselected", [ranges()]);
                    }
                });
                event.preventDefault();
            });
        }

        plot.getAxes = function () { return {xaxis: xaxis, yaxis: yaxis}; };
        plot.getCanvas = function () { return canvas; };
        plot.pointOffset = function (at) { return {left: px(at.x), top: py(at.y)}; };
        plot.clearSelection = function () { selection = null; light(null); };
        plot.setSelection = function (range, silent) {
            selection = [within(px(range.xaxis.from)), within(px(range.xaxis.to))];
            light(null);
            if (!silent) { placeholder.trigger("plotselected", [range]); }
        };
    }

    $.plot = function (placeholder, data, options) { return new Plot($(placeholder), data, options || {}); };
    $.plot.plugins = [];  /* asv brings one, for titles of axes; they are drawn here */
}(jQuery));
