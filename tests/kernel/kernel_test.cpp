// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/kernel_test.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "agent/config/start_error.h"
#include "agent/kernel/loss_text.h"
#include "agent/kernel/skeleton.h"
#include "fanfare.skel.h"
#include "tests/support/decode.h"

namespace fanfare::test {
namespace {

Monotonic clock_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

// The map of global variables behind the program that is attached to the cgroup.
Fd variables_behind(const std::string& cgroup) {
  const Fd directory(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::uint32_t programs[1] = {}, count = 1;
  if (bpf_prog_query(directory.get(), BPF_CGROUP_INET_EGRESS, 0, nullptr, programs, &count) != 0)
    throw std::system_error(errno, std::generic_category(), "bpf_prog_query");
  const Fd program(bpf_prog_get_fd_by_id(programs[0]));
  std::vector<std::uint32_t> maps(16);
  bpf_prog_info info{};
  info.nr_map_ids = static_cast<std::uint32_t>(maps.size());
  info.map_ids = reinterpret_cast<std::uint64_t>(maps.data());
  std::uint32_t size = sizeof info;
  bpf_obj_get_info_by_fd(program.get(), &info, &size);
  for (std::uint32_t i = 0; i < info.nr_map_ids; ++i) {
    Fd map(bpf_map_get_fd_by_id(maps[i]));
    bpf_map_info about{};
    size = sizeof about;
    bpf_obj_get_info_by_fd(map.get(), &about, &size);
    if (std::string(about.name).ends_with(".bss")) return map;
  }
  throw std::runtime_error("no variables behind the attached program");
}

}  // namespace

void KernelTest::SetUp() {
  if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_CGROUP_SKB, nullptr) != 1)
    GTEST_SKIP() << "this process may not load programs for cgroups: needs root (CAP_BPF, "
                    "CAP_NET_ADMIN, CAP_PERFMON)";
  try {
    cgroup_ = std::make_unique<OwnCgroup>();
  } catch (const StartError& error) {
    GTEST_SKIP() << error.what() << "; " << error.remedy;
  } catch (const std::system_error& error) {
    GTEST_SKIP() << error.what() << ": needs root and a writable cgroup v2 tree";
  }
}

void KernelTest::TearDown() {
  if (!source_) return;
  std::map<std::string, std::uint64_t> named, due;
  const auto losses = read().losses;
  for (unsigned i = 1; i < FANFARE_LOSS_COUNT; ++i) {
    const auto reason = static_cast<fanfare_loss>(i);
    const std::string name(loss_text(i).name);
    if (!allowed_.contains(reason) && losses[i]) named[name] = losses[i];
    if (expected_.contains(reason)) due[name] = expected_.at(reason);
  }
  EXPECT_EQ(named, due) << "losses";
  source_.reset();
}

void KernelTest::attach(const Knobs& knobs) {
  source_ = std::make_unique<KernelSource>(cgroup_->target(), knobs);
  ASSERT_EQ(source_->scope().result, ScopeResult::proven) << source_->scope().text;
}

Snapshot KernelTest::read() { return read_after(std::chrono::seconds(0)); }

Snapshot KernelTest::read_after(std::chrono::seconds later) {
  return source_->read(clock_now() + later, std::chrono::system_clock::now());
}

std::optional<fanfare_flow> KernelTest::find_flow(std::uint64_t cookie) {
  const auto snapshot = read();
  const auto at = std::find(snapshot.cookies.begin(), snapshot.cookies.end(), cookie);
  if (at == snapshot.cookies.end()) return std::nullopt;
  return snapshot.flows[static_cast<std::size_t>(at - snapshot.cookies.begin())];
}

fanfare_flow KernelTest::flow(std::uint64_t cookie) {
  const auto found = find_flow(cookie);
  EXPECT_TRUE(found) << "no record of the socket with cookie " << cookie;
  return found.value_or(fanfare_flow{});
}

fanfare_flow KernelTest::flow(const Fd& socket) {
  wait_until_sent(socket);
  return flow(cookie_of(socket));
}

std::uint64_t KernelTest::events_out(const Fd& socket) {
  return flow(socket).out.tally.by_class[FANFARE_EVENT].messages;
}

std::uint32_t KernelTest::watched_port(std::uint16_t port) const {
  using Variables = std::remove_pointer_t<decltype(fanfare_bpf::bss)>;
  const Fd map = variables_behind(cgroup_->path());
  // The map is larger than the skeleton's struct: the linker leaves room for the variables of each
  // object, though the weak ones are one.
  bpf_map_info about{};
  std::uint32_t size = sizeof about;
  bpf_obj_get_info_by_fd(map.get(), &about, &size);
  std::vector<char> value(about.value_size + 8);
  const std::uint32_t key = 0;
  if (bpf_map_lookup_elem(map.get(), &key, value.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "reading watched_ports");
  std::uint32_t count = 0;
  std::memcpy(&count, value.data() + offsetof(Variables, watched_ports) + port * sizeof count,
              sizeof count);
  return count;
}

void KernelTest::expect_counted(const Pair& pair, const StreamBuilder& stream,
                                const std::function<void()>& write) {
  std::exception_ptr failure;
  std::thread writer([&] {
    try {
      write();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  std::string received;
  try {
    received = receive(pair.client, stream.bytes().size());
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  writer.join();
  if (failure) std::rethrow_exception(failure);
  expect_same_bytes(received, stream.bytes());
  EXPECT_EQ(Decoder(after_head(received)).all(), stream.truth()) << "the client's own count";
  EXPECT_EQ(counts(flow(pair.server).out), stream.truth()) << "the kernel's count";
}

StreamBuilder upgraded_stream() {
  StreamBuilder stream;
  stream.raw(upgrade_head());
  return stream;
}

void send_messages(const Fd& socket, std::size_t count, std::size_t size) {
  const std::string message = wire({text, std::string(size, 'm')});
  for (std::size_t i = 0; i < count; ++i) send_all(socket, message);
}

Pair upgraded_pair(const Fd& listener, const Endpoint& endpoint) {
  Pair pair = connect_pair(listener, endpoint);
  send_all(pair.server, upgrade_head());
  receive(pair.client, upgrade_head().size());
  return pair;
}

Pair upgraded_pair(const Fd& listener) {
  return upgraded_pair(listener, {.port = port_of(listener)});
}

void expect_same_bytes(const std::string& received, const std::string& sent) {
  EXPECT_TRUE(received == sent)
      << received.size() << " bytes received, " << sent.size() << " sent, the first difference at "
      << std::mismatch(received.begin(), received.end(), sent.begin(), sent.end()).first -
             received.begin();
}

}  // namespace fanfare::test
