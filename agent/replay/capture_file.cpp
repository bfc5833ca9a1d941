// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/capture_file.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "agent/config/text.h"
#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

constexpr std::int64_t latest_second = UINT32_MAX;  // of the year 2106, the last that pcap can say

std::optional<LinkLayer> link_layer(int dlt) {
  switch (dlt) {
    case DLT_EN10MB:
      return LinkLayer::ethernet;
    case DLT_NULL:
    case DLT_LOOP:
      return LinkLayer::bsd_loopback;
    case DLT_LINUX_SLL:
      return LinkLayer::linux_cooked;
    case DLT_LINUX_SLL2:
      return LinkLayer::linux_cooked2;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return LinkLayer::raw_ip;
    default:
      return std::nullopt;
  }
}

std::string link_name(int dlt) {
  const char* name = pcap_datalink_val_to_description_or_dlt(dlt);
  return name ? name : "unknown";
}

}  // namespace

struct CaptureFile::Handle {
  pcap_t* pcap = nullptr;
  explicit Handle(pcap_t* opened) : pcap(opened) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { pcap_close(pcap); }
};

CaptureFile::~CaptureFile() = default;
CaptureFile::CaptureFile(CaptureFile&&) noexcept = default;
CaptureFile& CaptureFile::operator=(CaptureFile&&) noexcept = default;

CaptureFile::CaptureFile(const std::string& path) : path_(escaped(path)) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (!file) throw BadFile(path_ + ": " + std::strerror(errno));
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  pcap_t* opened =
      pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why.data());
  if (!opened) {
    if (file != stdin) std::fclose(file);
    throw BadFile(path_ +
                  ": neither a capture (pcap, pcapng) nor a recording: " + escaped(why.data()) +
                  "; record one with tcpdump -w FILE, or fanfare agent "
                  "--record DIR");
  }
  handle_ = std::make_unique<Handle>(opened);
  const int dlt = pcap_datalink(opened);
  const auto link = link_layer(dlt);
  if (!link)
    throw BadFile(path_ + ": its link layer is " + link_name(dlt) +
                  "; read here are Ethernet, BSD loopback, Linux cooked and raw IP: capture with "
                  "tcpdump -i any");
  link_ = *link;
}

bool CaptureFile::read(CapturedPacket& packet) {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  if (!fault_.empty()) return false;
  const int result = pcap_next_ex(handle_->pcap, &header, &bytes);
  if (result != 1) {
    if (result != PCAP_ERROR_BREAK)
      fault_ = path_ + ": damaged or cut off behind packet " + std::to_string(packets_) + ": " +
               escaped(pcap_geterr(handle_->pcap));
    return false;
  }
  ++packets_;
  // pcapng has 64 bits for it, of which any may be set.
  const auto seconds = std::clamp<std::int64_t>(header->ts.tv_sec, 0, latest_second);
  packet.at = std::chrono::seconds(seconds) + std::chrono::nanoseconds(header->ts.tv_usec);
  packet.wire_length = header->len;
  packet.bytes = {reinterpret_cast<const char*>(bytes), header->caplen};
  return true;
}

}  // namespace fanfare
