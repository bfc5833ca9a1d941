// SPDX-License-Identifier: Apache-2.0
// The live page: each status that comes is shown. Read live.js for how it comes.
import { showAlerts } from "./alerts.js";
import { showConnection, showHeader } from "./header.js";
import { listen } from "./live.js";
import { forgetGaps, showShards } from "./shards.js";

let before = "connecting";

listen(
  (status) => {
    showHeader(status);
    showAlerts(status.alerts);
    showShards(status);
  },
  (state, silentSeconds) => {
    showConnection(state, silentSeconds);
    if (state === "live" && before === "stale") forgetGaps();
    before = state;
  },
);
