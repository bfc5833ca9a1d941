// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/trial.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/kernel/fd.h"
#include "agent/kernel/features.h"
#include "agent/kernel/flow_table.h"
#include "agent/kernel/owner_scan.h"
#include "agent/kernel/permissions.h"
#include "agent/kernel/probes.h"

namespace fanfare {
namespace {

constexpr std::uint32_t few = 1024;  // records: the memory of a running agent beside us is not ours

Attempt done() { return {.tried = true}; }

Attempt failure(int error, const std::string& what) {
  return {.tried = true, .error = error, .said = what, .failed = true};
}

// Asks about a descriptor that is none: a kernel that is reached complains of that, whatever the
// caller may do. In a child, since a seccomp profile may answer with a signal.
void try_bpf_call(Trial& trial) {
  const pid_t child = ::fork();
  if (child == 0) {
    bpf_attr attributes{};
    attributes.info.bpf_fd = static_cast<std::uint32_t>(-1);
    ::syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attributes, sizeof attributes);
    ::_exit(errno);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) {
    trial.bpf_call = failure(errno, "no process could be made to test with");
    return;
  }
  if (WIFSIGNALED(status)) {
    trial.bpf_signal = WTERMSIG(status);
    trial.bpf_call = failure(0, "bpf(2) ended in a signal");
    return;
  }
  const int error = WEXITSTATUS(status);
  const bool refused = error == EPERM || error == EACCES || error == ENOSYS;
  trial.bpf_call = refused ? failure(error, "bpf(2)") : done();
}

Attempt try_btf() {
  constexpr const char* path = "/sys/kernel/btf/vmlinux";
  if (::access(path, R_OK) != 0) return failure(errno, path);
  const std::unique_ptr<btf, decltype(&btf__free)> types(btf__parse_raw(path), &btf__free);
  if (!types) return failure(errno, path);
  return btf__find_by_name_kind(types.get(), "tcp_sock", BTF_KIND_STRUCT) > 0
             ? done()
             : failure(ENOENT, std::string(path) + " does not know struct tcp_sock");
}

Attempt try_map() {
  const Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "fanfare_doctor", 8, 8, few, nullptr));
  if (!map) return failure(errno, "creating a hash map");
  const std::uint64_t key = 1, written = 42;
  std::uint64_t read = 0;
  if (bpf_map_update_elem(map.get(), &key, &written, BPF_ANY) != 0 ||
      bpf_map_lookup_elem(map.get(), &key, &read) != 0)
    return failure(errno, "writing to a map and reading it");
  return read == written ? done() : failure(EIO, "a map does not hold what was written");
}

// Below the one given; gone with the value. Empty path where none may be made.
class OwnDirectory {
 public:
  explicit OwnDirectory(const std::string& parent)
      : path_(parent + "/fanfare-doctor-" + std::to_string(::getpid())) {
    if (::mkdir(path_.c_str(), 0755) != 0) path_.clear();
  }
  OwnDirectory(const OwnDirectory&) = delete;
  OwnDirectory& operator=(const OwnDirectory&) = delete;
  ~OwnDirectory() {
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Listener {
  Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;
  std::uint32_t netns = 0;
};

Listener listen_somewhere() {
  Listener listener;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  struct stat netns {};
  if (::bind(listener.socket.get(), generic, size) == 0 &&
      ::listen(listener.socket.get(), 1) == 0 &&
      ::getsockname(listener.socket.get(), generic, &size) == 0 &&
      ::stat("/proc/self/ns/net", &netns) == 0) {
    listener.port = ntohs(address.sin_port);
    listener.netns = static_cast<std::uint32_t>(netns.st_ino);
  }
  return listener;
}

void try_owners(const Probes& probes, const std::string& cgroup, Trial& trial) {
  const Listener own = listen_somewhere();
  try {
    const auto owners = OwnerScan(probes.owners_link(), cgroup).scan({});
    for (const auto& [key, owner] : owners->listeners)
      if (key.netns == own.netns) trial.listeners[key.port] = owner;
    const auto found = trial.listeners.find(own.port);
    trial.own_pid = static_cast<std::uint32_t>(::getpid());
    trial.owners = found == trial.listeners.end()
                       ? failure(ENOENT, "a listener of our own was not found among the open files")
                       : done();
    if (found != trial.listeners.end()) trial.owner_pid = found->second.pid;
    trial.listeners.erase(own.port);
  } catch (const std::system_error& error) {
    trial.owners = failure(error.code().value(), error.what());
  }
}

void note(const KernelRefusal& refusal, Trial& trial) {
  const bool loading = refusal.step == KernelRefusal::Step::load;
  if (!loading) trial.load = done();
  (loading ? trial.load : trial.attach) = failure(refusal.error, refusal.what());
  trial.verifier = refusal.verifier;
}

// In a cgroup that nobody else is in: programs that would misbehave touch no socket of others.
void try_programs(const CgroupTarget& cgroup, const Knobs& knobs, Trial& trial) {
  const OwnDirectory directory(cgroup.path);
  trial.own_cgroup = !directory.path().empty();
  const CgroupTarget target = trial.own_cgroup ? find_cgroup(directory.path()) : cgroup;
  const Probes probes(target, knobs);
  trial.load = trial.attach = done();
  const auto against = prove_counting(target, FlowTable(probes));
  trial.packet = against.empty() ? done() : failure(0, against);
  try_owners(probes, cgroup.path, trial);
}

}  // namespace

std::optional<MemoryNeed> memory_need(const Knobs& knobs) {
  try {
    const Skeleton<fanfare_bpf> skeleton;
    set_sizes(*skeleton.get(), knobs);
    return MemoryNeed{knobs.sockets, map_bytes(skeleton->obj)};
  } catch (const std::exception&) {  // said by what fails next
    return {};
  }
}

Trial try_kernel(const std::optional<CgroupTarget>& cgroup, const Knobs& knobs) {
  Trial trial;
  trial.btf = try_btf();
  try_bpf_call(trial);
  if (trial.bpf_call.failed) return trial;
  trial.map = try_map();
  if (trial.map.failed || !missing_capabilities().empty()) return trial;
  trial.missing = missing_features();
  if (!cgroup || !trial.missing.empty()) return trial;
  Knobs small = knobs;
  small.sockets = small.identities = few;
  try {
    try_programs(*cgroup, small, trial);
    if (!trial.packet.worked()) return trial;
    const Probes probes(*cgroup, small);
    trial.scope = prove_scope(*cgroup, FlowTable(probes));
  } catch (const KernelRefusal& refusal) {
    note(refusal, trial);
  } catch (const StartError& error) {
    trial.load = failure(0, error.what());
  } catch (const std::system_error& error) {
    trial.load = failure(error.code().value(), error.what());
  }
  return trial;
}

}  // namespace fanfare
