// SPDX-License-Identifier: Apache-2.0
// The live page: each status that comes is shown. Read live.js for how it comes.
import { showAlerts } from "./alerts.js";
import { showConnection, showHeader } from "./header.js";
import { listen } from "./live.js";
import { showShards } from "./shards.js";

listen((status) => {
  showHeader(status);
  showAlerts(status.alerts);
  showShards(status);
}, showConnection);
