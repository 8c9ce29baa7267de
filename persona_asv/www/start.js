"use strict";
/* asv's page without a fragment is nobody's link: the front page answers there. asv's own grid is at "#/". */
if (!window.location.hash) {
    window.location.replace("start.html");
}
