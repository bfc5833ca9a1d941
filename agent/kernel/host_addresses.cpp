// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/host_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

namespace fanfare {

std::vector<std::array<std::uint8_t, 16>> host_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, ::freeifaddrs);
  std::vector<std::array<std::uint8_t, 16>> addresses;
  for (const ifaddrs* each = list; each; each = each->ifa_next) {
    if (!each->ifa_addr) continue;
    std::array<std::uint8_t, 16> address{};
    if (each->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, each->ifa_addr, sizeof v4);
      address[10] = address[11] = 0xff;
      std::memcpy(address.data() + 12, &v4.sin_addr, 4);
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, each->ifa_addr, sizeof v6);
      std::memcpy(address.data(), &v6.sin6_addr, 16);
    } else {
      continue;
    }
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace fanfare
