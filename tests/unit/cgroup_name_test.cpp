// SPDX-License-Identifier: Apache-2.0
// The layouts are those that the projects document or make: Kubernetes (kubelet's cgroup manager,
// drivers systemd and cgroupfs), containerd, CRI-O, Docker, Podman, nerdctl, LXC, kind, k3s,
// systemd. The ids are made up.
#include "agent/pods/cgroup_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fanfare {
namespace {

const std::string uid = "0f7ac8b1-5d4e-4c3b-9a21-6f0e8d7c5b4a";
const std::string slice_uid = "0f7ac8b1_5d4e_4c3b_9a21_6f0e8d7c5b4a";
const std::string manifest = "3c1b8d5a9e7f40526b1a0c9d8e7f6a5b";  // of a static pod
const std::string id(64, 'a');
const std::string outer(64, 'b');

struct Case {
  const char* what;
  std::string path;
  CgroupName name;
};

void expect_all(const std::vector<Case>& cases) {
  for (const auto& each : cases) {
    SCOPED_TRACE(each.what + (": " + each.path));
    const auto name = cgroup_name(each.path);
    EXPECT_EQ(name.unit, each.name.unit);
    EXPECT_EQ(name.runtime, each.name.runtime);
    EXPECT_EQ(name.container, each.name.container);
    EXPECT_EQ(name.pod_uid, each.name.pod_uid);
  }
}

CgroupName in_pod(const std::string& runtime, const std::string& pod = uid) {
  return {.unit = {}, .runtime = runtime, .container = id, .pod_uid = pod};
}
CgroupName pod_alone() { return {.unit = {}, .runtime = {}, .container = {}, .pod_uid = uid}; }
CgroupName by(const std::string& runtime, const std::string& unit = "") {
  return {.unit = unit, .runtime = runtime, .container = id, .pod_uid = {}};
}
CgroupName unit(const std::string& name) {
  return {.unit = name, .runtime = {}, .container = {}, .pod_uid = {}};
}

TEST(CgroupName, KubernetesWithTheSystemdDriver) {
  const std::string burstable =
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + slice_uid + ".slice";
  expect_all({
      {"containerd", burstable + "/cri-containerd-" + id + ".scope", in_pod("containerd")},
      {"CRI-O", burstable + "/crio-" + id + ".scope", in_pod("cri-o")},
      {"CRI-O, crun", burstable + "/crio-" + id + ".scope/container", in_pod("cri-o")},
      {"docker", burstable + "/docker-" + id + ".scope", in_pod("docker")},
      {"guaranteed",
       "/kubepods.slice/kubepods-pod" + slice_uid + ".slice/cri-containerd-" + id + ".scope",
       in_pod("containerd")},
      {"best effort",
       "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + slice_uid +
           ".slice/crio-" + id + ".scope",
       in_pod("cri-o")},
      {"static pod",
       "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + manifest +
           ".slice/cri-containerd-" + id + ".scope",
       in_pod("containerd", manifest)},
      {"the monitor of CRI-O is no container", burstable + "/crio-conmon-" + id + ".scope",
       pod_alone()},
      {"the pod's own", burstable, pod_alone()},
      {"a systemd inside of the container",
       burstable + "/cri-containerd-" + id + ".scope/system.slice/chatd.service",
       {.unit = "chatd.service", .runtime = "containerd", .container = id, .pod_uid = uid}},
  });
}

TEST(CgroupName, KubernetesWithTheCgroupfsDriver) {
  expect_all({
      {"containerd, docker", "/kubepods/burstable/pod" + uid + "/" + id, in_pod("")},
      {"best effort", "/kubepods/besteffort/pod" + uid + "/" + id, in_pod("")},
      {"guaranteed", "/kubepods/pod" + uid + "/" + id, in_pod("")},
      {"CRI-O", "/kubepods/burstable/pod" + uid + "/crio-" + id, in_pod("cri-o")},
      {"CRI-O's monitor", "/kubepods/burstable/pod" + uid + "/crio-conmon-" + id, pod_alone()},
      {"static pod", "/kubepods/burstable/pod" + manifest + "/" + id, in_pod("", manifest)},
      {"containerd that was not told of systemd",
       "/system.slice/containerd.service/kubepods-burstable-pod" + slice_uid +
           ".slice:cri-containerd:" + id,
       in_pod("containerd")},
      {"the same at the root",
       "/kubepods-besteffort-pod" + slice_uid + ".slice:cri-containerd:" + id,
       in_pod("containerd")},
      {"k3s", "/kubepods/burstable/pod" + uid + "/" + id, in_pod("")},
  });
}

TEST(CgroupName, KubernetesInsideOfAContainer) {
  const std::string pod = "/kubelet-kubepods-burstable-pod" + slice_uid + ".slice";
  expect_all({
      {"kind on docker with systemd",
       "/system.slice/docker-" + outer +
           ".scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice" + pod +
           "/cri-containerd-" + id + ".scope",
       in_pod("containerd")},
      {"kind with cgroupfs",
       "/docker/" + outer + "/kubelet/kubepods/burstable/pod" + uid + "/" + id, in_pod("")},
      {"the node's container itself", "/docker/" + id + "/system.slice/containerd.service",
       by("docker", "containerd.service")},
      {"docker in a pod", "/kubepods/pod" + uid + "/" + outer + "/docker/" + id, in_pod("docker")},
  });
}

TEST(CgroupName, ContainersWithoutKubernetes) {
  const std::string user = "/user.slice/user-1000.slice/user@1000.service/user.slice/";
  expect_all({
      {"docker, systemd", "/system.slice/docker-" + id + ".scope", by("docker")},
      {"docker, cgroupfs", "/docker/" + id, by("docker")},
      {"docker, a parent of one's own", "/chat.slice/docker-" + id + ".scope", by("docker")},
      {"podman", "/machine.slice/libpod-" + id + ".scope/container", by("podman")},
      {"podman's pod",
       "/machine.slice/machine-libpod_pod_" + outer + ".slice/libpod-" + id + ".scope",
       by("podman")},
      {"podman's monitor", "/machine.slice/libpod-conmon-" + id + ".scope", {}},
      {"a unit of quadlet", "/system.slice/chat.service/libpod-payload-" + id,
       by("podman", "chat.service")},
      {"rootless podman", user + "libpod-" + id + ".scope/container",
       by("podman", "user@1000.service")},
      {"nerdctl", "/system.slice/nerdctl-" + id + ".scope", by("nerdctl")},
      {"containerd's ctr", "/default/" + id, by("")},
      {"ECS", "/ecs/5f6a7b8c9d0e/" + id, by("")},
      {"LXC",
       "/lxc.payload.chat1/system.slice/chatd.service",
       {.unit = "chatd.service", .runtime = "lxc", .container = "chat1", .pod_uid = {}}},
      {"LXC before 4.0",
       "/lxc/chat1",
       {.unit = {}, .runtime = "lxc", .container = "chat1", .pod_uid = {}}},
  });
}

TEST(CgroupName, UnitsOfSystemd) {
  expect_all({
      {"a service", "/system.slice/chatd.service", unit("chatd.service")},
      {"an instance", "/system.slice/system-chatd.slice/chatd@eu.service",
       unit("chatd@eu.service")},
      {"a part of it", "/system.slice/chatd.service/workers", unit("chatd.service")},
      {"a login", "/user.slice/user-0.slice/session-3.scope", unit("session-3.scope")},
      {"a user's service", "/user.slice/user-1000.slice/user@1000.service/app.slice/chatd.service",
       unit("chatd.service")},
      {"a name that the kernel has too", "/system.slice/_cgroup.service", unit("cgroup.service")},
      {"the first process", "/init.scope", unit("init.scope")},
      {"a slice alone", "/chat.slice", {}},
      {"the root", "/", {}},
      {"nothing", "", {}},
      {"a directory of one's own", "/chat/workers", {}},
  });
}

TEST(CgroupName, OnHybridHostsV1MayKnowMore) {
  const std::string pod = "/kubepods/burstable/pod" + uid + "/" + id;
  EXPECT_EQ(v1_container_path("12:memory:" + pod + "\n1:name=systemd:" + pod + "\n0::/\n"), pod);
  EXPECT_EQ(v1_container_path("3:net_cls,net_prio:/\n2:cpu,cpuacct:/docker/" + id),
            "/docker/" + id);
  EXPECT_EQ(v1_container_path("0::" + pod + "\n"), "") << "that is the path of v2";
  EXPECT_EQ(v1_container_path("2:cpu:/system.slice/chatd.service\n0::/\n"), "");
  EXPECT_EQ(v1_container_path(""), "");
  EXPECT_EQ(v1_container_path("::\nnonsense\n:/"), "");
}

// What only looks like it.
TEST(CgroupName, GuessesNothing) {
  expect_all({
      {"an id that is too short", "/docker/" + id.substr(1), {}},
      {"capital letters", "/docker/" + std::string(64, 'A'), {}},
      {"a slice of a pod without kubepods", "/chat-pod" + slice_uid + ".slice", {}},
      {"a directory of a pod without kubepods", "/pod" + uid, {}},
      {"a uid of the wrong shape", "/kubepods/pod0f7ac8b15d4e-4c3b-9a21-6f0e8d7c5b4a--", {}},
      {"half of a uid", "/kubepods.slice/kubepods-pod0f7ac8b1.slice", {}},
      {"colons alone", "/::/:::", {}},
      {"slashes alone", "////", {}},
  });
}

}  // namespace
}  // namespace fanfare
