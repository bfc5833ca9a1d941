// SPDX-License-Identifier: Apache-2.0
// Captured bytes to TCP segments, for each link layer; and that no length in them is believed.
#include <gtest/gtest.h>

#include "agent/replay/packet.h"
#include "tests/support/captured.h"

namespace fanfare {
namespace {

using namespace test;

const TcpSketch hello{.seq = 7, .ack = 9, .flags = ack_flag | psh_flag, .payload = "hello"};

Decoding decode(LinkLayer link, const std::string& bytes) {
  return decode_packet(link, bytes, static_cast<std::uint32_t>(bytes.size()));
}

void expect_hello(const Decoding& decoding, bool v6 = false) {
  ASSERT_EQ(decoding.kind, Decoded::tcp);
  const TcpSegment& segment = decoding.segment;
  EXPECT_EQ(segment.payload, "hello");
  EXPECT_EQ(segment.length, 5U);
  EXPECT_EQ(segment.seq, 7U);
  EXPECT_EQ(segment.ack, 9U);
  EXPECT_EQ(segment.from.port, 8080);
  EXPECT_EQ(segment.to.port, 40000);
  EXPECT_EQ(segment.from.address[15], 1);
  EXPECT_EQ(segment.to.address[15], 9);
  EXPECT_EQ(segment.from.address[10], v6 ? 0 : 0xff);
  EXPECT_EQ(segment.from.address[0], v6 ? 0x20 : 0);
  EXPECT_TRUE(segment.has_ack);
  EXPECT_FALSE(segment.syn || segment.fin || segment.rst);
}

const std::string v4 = ip_bytes(server_v4, client_v4, hello);
const std::string v6 = ip_bytes(server_v6, client_v6, hello);
const std::string tag("\x81\x00\x00\x05", 4);
const std::string outer_tag("\x88\xa8\x00\x06", 4);

TEST(ReplayPacket, EthernetWithNoneOneAndTwoTags) {
  expect_hello(decode(LinkLayer::ethernet, ethernet(v4)));
  expect_hello(decode(LinkLayer::ethernet, ethernet(v6)), true);
  expect_hello(decode(LinkLayer::ethernet, ethernet(v4, tag)));
  expect_hello(decode(LinkLayer::ethernet, ethernet(v6, outer_tag + tag)), true);
  EXPECT_EQ(decode(LinkLayer::ethernet, ethernet(v4, outer_tag + tag + tag)).kind, Decoded::other);
}

TEST(ReplayPacket, PaddingOfShortFramesIsNoPayload) {
  expect_hello(decode(LinkLayer::ethernet, ethernet(v4) + std::string(9, '\0')));
  expect_hello(decode(LinkLayer::ethernet, ethernet(v6) + std::string(9, '\0')), true);
}

TEST(ReplayPacket, LoopbackInEitherByteOrder) {
  for (const char* family : {"\2\0\0\0", "\0\0\0\2"})
    expect_hello(decode(LinkLayer::bsd_loopback, std::string(family, 4) + v4));
  for (const char* family : {"\x1e\0\0\0", "\0\0\0\x1c", "\x18\0\0\0"})
    expect_hello(decode(LinkLayer::bsd_loopback, std::string(family, 4) + v6), true);
}

TEST(ReplayPacket, LinuxCookedOfBothVersions) {
  const std::string cooked = std::string(14, '\1');
  expect_hello(decode(LinkLayer::linux_cooked, cooked + std::string("\x08\x00", 2) + v4));
  expect_hello(decode(LinkLayer::linux_cooked, cooked + "\x86\xdd" + v6), true);
  expect_hello(
      decode(LinkLayer::linux_cooked, cooked + std::string("\x81\x00\x00\x05\x08\x00", 6) + v4));
  const std::string rest = std::string(18, '\1');
  expect_hello(decode(LinkLayer::linux_cooked2, std::string("\x08\x00", 2) + rest + v4));
  expect_hello(decode(LinkLayer::linux_cooked2, "\x86\xdd" + rest + v6), true);
}

TEST(ReplayPacket, RawIp) {
  expect_hello(decode(LinkLayer::raw_ip, v4));
  expect_hello(decode(LinkLayer::raw_ip, v6), true);
}

TEST(ReplayPacket, OptionsAndExtensionHeadersArePassedOver) {
  const auto inner = tcp_bytes(8080, 40000, hello);
  expect_hello(
      decode(LinkLayer::raw_ip, ipv4_bytes(server_v4, client_v4, inner, std::string(40, '\1'))));
  const std::string eight = std::string(1, '\0') + std::string(6, '\1');
  const std::string sixteen = std::string(1, '\1') + std::string(14, '\1');
  const std::string first_fragment(7, '\0');
  const std::string authentication = "\x04" + std::string(22, '\1');  // (4 + 2) * 4 bytes
  expect_hello(decode(LinkLayer::raw_ip, ipv6_bytes(server_v6, client_v6, inner,
                                                    {{0, eight},
                                                     {60, sixteen},
                                                     {43, eight},
                                                     {44, first_fragment},
                                                     {51, authentication}})),
               true);
  const TcpSketch options{
      .seq = 7, .ack = 9, .flags = ack_flag, .payload = "hello", .options = std::string(40, '\1')};
  expect_hello(decode(LinkLayer::raw_ip, ip_bytes(server_v4, client_v4, options)));
}

TEST(ReplayPacket, ASynTakesANumber) {
  const auto syn =
      decode(LinkLayer::raw_ip, ip_bytes(server_v4, client_v4, {.seq = 7, .flags = syn_flag}));
  EXPECT_TRUE(syn.segment.syn);
  EXPECT_FALSE(syn.segment.has_ack);
  EXPECT_EQ(syn.segment.seq, 8U);
}

TEST(ReplayPacket, LengthsLeftToTheCardAreThoseOfThePacket) {
  auto offloaded = v4;
  offloaded[2] = offloaded[3] = 0;
  expect_hello(decode(LinkLayer::raw_ip, offloaded));
  auto jumbo = v6;
  jumbo[4] = jumbo[5] = 0;
  expect_hello(decode(LinkLayer::raw_ip, jumbo), true);
}

TEST(ReplayPacket, WhatTheSnapLengthCutIsKnownByLength) {
  const auto wire = static_cast<std::uint32_t>(v4.size());
  const auto cut = decode_packet(LinkLayer::raw_ip, v4.substr(0, v4.size() - 3), wire);
  ASSERT_EQ(cut.kind, Decoded::tcp);
  EXPECT_EQ(cut.segment.payload, "he");
  EXPECT_EQ(cut.segment.length, 5U);
}

TEST(ReplayPacket, EveryCutOfTheHeadersIsNamed) {
  const std::string packet = ethernet(v6, outer_tag + tag);
  const std::size_t headers = packet.size() - 5;
  for (std::size_t size = 0; size < headers; ++size)
    EXPECT_EQ(decode_packet(LinkLayer::ethernet, packet.substr(0, size),
                            static_cast<std::uint32_t>(packet.size()))
                  .kind,
              Decoded::cut)
        << size;
}

TEST(ReplayPacket, HeadersThatLieAreCut) {
  auto short_header = v4;
  short_header[0] = 0x44;
  EXPECT_EQ(decode(LinkLayer::raw_ip, short_header).kind, Decoded::cut);
  auto short_total = v4;
  short_total[3] = 19;
  EXPECT_EQ(decode(LinkLayer::raw_ip, short_total).kind, Decoded::cut);
  auto tcp_too_long = v4;
  tcp_too_long[20 + 12] = static_cast<char>(0xf0);
  EXPECT_EQ(decode(LinkLayer::raw_ip, tcp_too_long).kind, Decoded::cut);
  auto tcp_too_short = v4;
  tcp_too_short[20 + 12] = 0x40;
  EXPECT_EQ(decode(LinkLayer::raw_ip, tcp_too_short).kind, Decoded::cut);
}

TEST(ReplayPacket, LaterFragmentsAndOtherTrafficAreToldApart) {
  const auto inner = tcp_bytes(8080, 40000, hello);
  EXPECT_EQ(decode(LinkLayer::raw_ip, ipv4_bytes(server_v4, client_v4, inner, "", 0x2001)).kind,
            Decoded::fragment);
  expect_hello(decode(LinkLayer::raw_ip, ipv4_bytes(server_v4, client_v4, inner, "", 0x2000)));
  EXPECT_EQ(decode(LinkLayer::raw_ip, ipv6_bytes(server_v6, client_v6, inner,
                                                 {{44, std::string("\0\0\x08\0\0\0\0", 7)}}))
                .kind,
            Decoded::fragment);
  auto udp = v4;
  udp[9] = 17;
  EXPECT_EQ(decode(LinkLayer::raw_ip, udp).kind, Decoded::other);
  EXPECT_EQ(decode(LinkLayer::ethernet, std::string(12, '\1') + "\x08\x06" + v4).kind,
            Decoded::other);
  EXPECT_EQ(decode(LinkLayer::raw_ip, std::string(40, '\x77')).kind, Decoded::other);
}

}  // namespace
}  // namespace fanfare
