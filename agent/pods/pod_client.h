// SPDX-License-Identifier: Apache-2.0
// Keeps the pods of this node known: asks the API server what PodWatch says, when it says so.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agent/pods/pod_api.h"
#include "agent/pods/pod_watch.h"

namespace boost::asio {
class io_context;
}

namespace fanfare {

struct PodClientOptions {
  // To connect, TLS included, and again for an answer that ends.
  std::chrono::milliseconds timeout{10000};
  PodWatchOptions watch{};
};

// Not thread-safe: lives on the thread that runs `context`. Destroy it before the context.
class PodClient {
 public:
  // Begins at once. Throws nothing later: what goes wrong is in view() and, once, in the log.
  PodClient(boost::asio::io_context& context, PodApi api, const PodClientOptions& options = {});
  ~PodClient();
  PodClient(const PodClient&) = delete;
  PodClient& operator=(const PodClient&) = delete;

  // The latest; never null.
  std::shared_ptr<const PodTable> table();
  PodWatchView view() const;

 private:
  struct Session;
  std::shared_ptr<Session> session_;
};

// Whether the server lets us list and watch: asks both once and waits for the answers, some seconds
// at most. Empty if so, else why not.
std::string try_pod_api(const PodApi& api, std::chrono::milliseconds timeout);

}  // namespace fanfare
