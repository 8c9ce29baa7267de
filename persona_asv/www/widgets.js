"use strict";
/*
 * What asv's scripts take from Bootstrap and two small libraries: tooltips, popovers, a dialogue, a drop-down,
 * buttons that stay pressed, tables that sort, and a key for what a reader chose to ignore.
 */
(function ($) {
    /* jQuery 3.5 leaves "<b/>" open, as HTML does; asv's scripts mean an empty element. */
    $.htmlPrefilter = function (html) { return html.replace(/<(b|div|span|ul)\b([^<>]*)\/>/g, "<$1$2></$1>"); };

    function place(bubble, element, where) {
        var spot = element[0].getBoundingClientRect();
        var left = spot.left + window.pageXOffset, top = spot.top + window.pageYOffset;
        var wide = bubble.outerWidth(), high = bubble.outerHeight();
        if (/left/.test(where) && left - wide > 0) {
            left -= wide + 4;
            top += (spot.height - high) / 2;
        } else if (/right|left/.test(where)) {
            left += spot.width + 4;
            top += (spot.height - high) / 2;
        } else {
            left += (spot.width - wide) / 2;
            top += where === "bottom" ? spot.height + 4 : -high - 4;
        }
        left = Math.min(left, window.pageXOffset + document.documentElement.clientWidth - wide - 4);
        bubble.css({left: Math.max(4, left) + "px", top: Math.max(4, top) + "px"});
    }

    function bubbles(name) {
        return function (options) {
            return this.each(function () {
                var element = $(this), kept = element.data(name) || {};

                function hide() {
                    if (kept.bubble) { kept.bubble.detach(); }
                }
                function show() {
                    var settings = kept.settings || {}, content = settings.content || settings.title || kept.title;
                    hide();
                    if (!content) { return; }
                    element.trigger("show.bs." + name);
                    kept.bubble = kept.bubble || $("<div></div>").addClass(name + " bubble");
                    kept.bubble.empty();
                    if (content.jquery) {
                        kept.bubble.append(content);
                    } else {
                        var inner = $("<div></div>").addClass(name + "-inner");
                        kept.bubble.append(settings.html ? inner.html(content) : inner.text(content));
                    }
                    kept.bubble.appendTo(document.body);
                    place(kept.bubble, element, settings.placement || "top");
                }

                if (options === "show") { show(); return; }
                element.off("." + name + "-bubble");
                if (options === "destroy" || options === "hide") {
                    hide();
                    if (options === "destroy") { element.removeData(name); }
                    return;
                }
                hide();
                kept = {settings: options || {}, title: element.attr("title") || kept.title};
                element.removeAttr("title").data(name, kept);
                element.on("mouseenter." + name + "-bubble focus." + name + "-bubble", show);
                element.on("mouseleave." + name + "-bubble blur." + name + "-bubble click." + name + "-bubble", hide);
            });
        };
    }

    $.fn.tooltip = bubbles("tooltip");
    $.fn.popover = bubbles("popover");
    $.fn.modal = function (action) { return this.toggleClass("in", action === "show"); };

    $(document).on("click", "[data-dismiss='modal']", function () { $(this).closest(".modal").modal("hide"); });
    $(document).on("click", "[data-toggle='buttons'] .btn", function () { $(this).toggleClass("active"); });
    $(document).on("click", function (event) {
        var menu = $(event.target).closest("[data-toggle='dropdown']").parent();
        $(".dropdown.open").not(menu).removeClass("open");
        menu.toggleClass("open");
    });

    /* Tables: a heading with data-sort sorts by its column. */
    var ORDERS = {
        "float": function (a, b) { return parseFloat(a) - parseFloat(b); },
        "int": function (a, b) { return parseInt(a, 10) - parseInt(b, 10); },
        "string": function (a, b) { return String(a).localeCompare(String(b)); }
    };

    $.fn.stupidtable = function (orders) {
        return this.each(function () {
            var table = $(this);
            table.data("orders", $.extend({}, ORDERS, orders));
            table.on("click", "thead th[data-sort]", function () { $(this).stupidsort(); });
        });
    };

    $.fn.stupidsort = function (direction) {
        var heading = $(this), table = heading.closest("table"), column = heading.index();
        var order = (table.data("orders") || ORDERS)[heading.data("sort")];
        if (!order) { return this; }
        direction = direction || (heading.data("sort-dir") === "asc" ? "desc" : "asc");
        var rows = table.children("tbody").children("tr").get().map(function (row) {
            var cell = $(row).children().eq(column), value = cell.data("sort-value");
            return [value === undefined ? cell.text() : value, row];
        });
        table.trigger("beforetablesort", {column: column, direction: direction});
        rows.sort(function (a, b) { return (direction === "asc" ? 1 : -1) * (order(a[0], b[0]) || 0); });
        table.children("tbody").append(rows.map(function (pair) { return pair[1]; }));
        table.find("thead th").removeData("sort-dir");
        heading.data("sort-dir", direction);
        table.trigger("aftertablesort", {column: column, direction: direction});
        return this;
    };

    /* asv keys what a reader ignores by a digest, for its length alone. */
    window.md5 = function (text) { return text; };
}(jQuery));
