// SPDX-License-Identifier: Apache-2.0
// Answers of an API server, shortened, after the shapes that Kubernetes documents.
#pragma once

#include <string>
#include <vector>

namespace fanfare::sample {

inline const std::string uid = "0f7ac8b1-5d4e-4c3b-9a21-6f0e8d7c5b4a";

struct PodText {
  std::string version = "5";
  std::string pod_uid = uid;
  std::string name = "chat-0";
  std::string app = "chat";
};

inline std::string pod_object(const PodText& pod) {
  return R"({"metadata":{"name":")" + pod.name + R"(","generateName":"chat-","namespace":"chat",)" +
         R"("uid":")" + pod.pod_uid + R"(","resourceVersion":")" + pod.version +
         R"(","labels":{"app":")" + pod.app + R"(","shard":"eu"},"annotations":{"a":"b"},)" +
         R"("managedFields":[{"manager":"kubelet","fieldsV1":{"f:status":{}}}]},)" +
         R"("spec":{"nodeName":"node-a","containers":[{"name":"chatd","image":"chatd:1"}]},)" +
         R"("status":{"phase":"Running","podIP":"10.1.2.3","podIPs":[{"ip":"10.1.2.3"},)" +
         R"({"ip":"fd00::3"}],"containerStatuses":[{"name":"chatd","containerID":"containerd://)" +
         std::string(64, 'a') + R"("},{"name":"proxy","containerID":"containerd://)" +
         std::string(64, 'c') + R"("},{"name":"late","state":{"waiting":{}}}],)" +
         R"("initContainerStatuses":[{"name":"migrate","containerID":"containerd://)" +
         std::string(64, 'b') + R"("}]}})";
}

inline std::string pod_list(const std::string& version, const std::vector<std::string>& pods,
                            const std::string& next = "") {
  std::string text = R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")" +
                     version + "\"" + (next.empty() ? "" : R"(,"continue":")" + next + "\"") +
                     R"(},"items":[)";
  for (std::size_t i = 0; i < pods.size(); ++i) text += (i ? "," : "") + pods[i];
  return text + "]}";
}

// A line of a watch, without its end.
inline std::string event(const std::string& type, const PodText& pod) {
  return R"({"type":")" + type + R"(","object":)" + pod_object(pod) + "}";
}

inline const std::string expired =
    R"({"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},)"
    R"-("status":"Failure","message":"too old resource version: 5 (4711)","reason":"Expired",)-"
    R"("code":410}})";

inline const std::string forbidden =
    R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is )"
    R"(forbidden: User \"system:serviceaccount:fanfare:fanfare\" cannot list resource \"pods\" in )"
    R"(API group \"\" at the cluster scope","reason":"Forbidden","code":403})";

}  // namespace fanfare::sample
