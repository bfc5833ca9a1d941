// SPDX-License-Identifier: Apache-2.0
// A pcap or pcapng file, packet by packet: the one place that knows libpcap.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/replay/packet.h"

namespace fanfare {

struct CapturedPacket {
  std::chrono::nanoseconds at{};  // since 1970
  std::uint32_t wire_length = 0;
  std::string_view bytes{};  // valid until the next packet is read
};

class CaptureFile {
 public:
  // "-" reads from standard input. Throws BadFile: not there, no capture, a link layer that is not
  // read here.
  explicit CaptureFile(const std::string& path);
  ~CaptureFile();
  CaptureFile(CaptureFile&&) noexcept;
  CaptureFile& operator=(CaptureFile&&) noexcept;

  LinkLayer link() const { return link_; }
  // False at the end, or where the file is damaged; then fault() says how.
  bool read(CapturedPacket& packet);
  const std::string& fault() const { return fault_; }

 private:
  struct Handle;

  std::string path_;
  std::unique_ptr<Handle> handle_;
  LinkLayer link_{};
  std::uint64_t packets_ = 0;
  std::string fault_;
};

}  // namespace fanfare
