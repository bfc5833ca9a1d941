// SPDX-License-Identifier: Apache-2.0
// The client of the API server against one that gives written answers (fake_api_server.h).
#include "agent/pods/pod_client.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/unit/fake_api_server.h"
#include "tests/unit/sample_pods.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;
using fake::ApiServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Pauses are short, so that a test is.
const PodClientOptions brisk{.timeout = 5s, .watch = {.first_pause = 10ms, .last_pause = 20ms}};

std::string pod(const std::string& uid, const std::string& name) {
  return sample::pod_object({.pod_uid = uid, .name = name});
}

class PodClientTest : public testing::Test {
 protected:
  PodClientTest() {
    std::filesystem::create_directories(directory);
    write_token("first");
  }
  ~PodClientTest() override { std::filesystem::remove_all(directory); }

  void write_token(const std::string& token) const { std::ofstream(token_file()) << token << "\n"; }
  std::string token_file() const { return directory / "token"; }
  std::string ca_file() const { return directory / "ca.crt"; }

  PodApi api(const ApiServer& server) const {
    const auto choice = choose_pod_api(
        {.api = server.url(), .node = "node-a", .token_file = token_file(), .ca_file = ca_file()},
        "", [](const char*) { return ""; }, [](const std::string&) { return true; });
    return *choice.api;
  }

  // Runs until it holds; false after 20 s.
  template <class Condition>
  bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      context.restart();
      context.run_one_for(100ms);
    }
    return true;
  }
  bool until_known(PodClient& client, const std::vector<std::string>& wanted) {
    return until([&] { return names(client) == wanted; });
  }
  static std::vector<std::string> names(PodClient& client) {
    std::vector<std::string> found;
    for (const auto& [uid, each] : client.table()->pods()) found.push_back(each.name);
    return found;
  }

  std::filesystem::path directory =
      testing::TempDir() + "fanfare_pods_" + std::to_string(::getpid());
  net::io_context context{1};
};

TEST_F(PodClientTest, ListsAndFollows) {
  ApiServer server(context);
  server.give_list(sample::pod_list("100", {pod("u1", "one")}));
  server.give_watch({sample::event("ADDED", {.pod_uid = "u2", .name = "two"}),
                     sample::event("DELETED", {.pod_uid = "u1", .name = "one"})});
  PodClient client(context, api(server), brisk);
  ASSERT_TRUE(until_known(client, {"two"}));
  ASSERT_EQ(server.targets.size(), 2U);
  EXPECT_THAT(server.targets[0], StartsWith("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&"));
  EXPECT_THAT(server.targets[1], HasSubstr("&watch=1&"));
  EXPECT_THAT(server.tokens, ElementsAre("", "")) << "no secret goes over an open line";
  const auto view = client.view();
  EXPECT_TRUE(view.on && view.listed && view.reachable);
  EXPECT_EQ(view.server, server.url());
  EXPECT_EQ(view.pods, 1U);
}

TEST_F(PodClientTest, TakesLinesThatComeInPieces) {
  ApiServer server(context);
  server.give_list(sample::pod_list("100", {}));
  const auto line = sample::event("ADDED", {.pod_uid = "u1", .name = "slow"}) + "\n";
  ApiServer::Answer slow{{}, true};
  for (const char byte : ApiServer::stream) slow.writes.push_back(std::string(1, byte));
  for (const char byte : line) slow.writes.push_back(ApiServer::chunk(std::string(1, byte)));
  slow.writes.push_back(
      ApiServer::chunk(sample::event("ADDED", {.pod_uid = "u2", .name = "two"}) + "\n" +
                       sample::event("ADDED", {.pod_uid = "u3", .name = "three"}) + "\n"));
  server.answers.push_back(slow);
  PodClient client(context, api(server), brisk);
  EXPECT_TRUE(until_known(client, {"slow", "two", "three"}));
}

TEST_F(PodClientTest, ListsAnewAfter410) {
  ApiServer server(context);
  server.give_list(sample::pod_list("100", {pod("u1", "one")}));
  server.give_watch({sample::expired});
  server.give_list(sample::pod_list("200", {pod("u2", "two")}));
  server.give("410 Gone", "");
  server.give_list(sample::pod_list("300", {pod("u3", "three")}));
  server.give_watch({});
  PodClient client(context, api(server), brisk);
  ASSERT_TRUE(until_known(client, {"three"}));
  EXPECT_TRUE(client.view().reachable);
}

TEST_F(PodClientTest, ReadsTheTokenAnewWhenItHasExpired) {
  ApiServer server(context, "IP:127.0.0.1");
  test::write_certificate(server.certificate(), ca_file());
  server.give_list(sample::pod_list("100", {pod("u1", "one")}));
  server.give("401 Unauthorized", R"({"kind":"Status","message":"Unauthorized","code":401})");
  PodClient client(context, api(server), brisk);
  ASSERT_TRUE(until([&] { return client.view().listed && !client.view().reachable; }));
  EXPECT_THAT(client.view().error, HasSubstr("HTTP 401: Unauthorized"));
  EXPECT_THAT(names(client), ElementsAre("one")) << "the last known names are kept";
  write_token("second");
  server.answers.clear();
  server.give_watch({sample::event("ADDED", {.pod_uid = "u2", .name = "two"})});
  ASSERT_TRUE(until_known(client, {"one", "two"}));
  EXPECT_EQ(server.tokens.front(), "Bearer first");
  EXPECT_EQ(server.tokens.back(), "Bearer second");
}

TEST_F(PodClientTest, KeepsTheNamesWhileTheServerIsAwayAndComesBack) {
  ApiServer server(context);
  server.give_list(sample::pod_list("100", {pod("u1", "one")}));
  server.give("503 Service Unavailable", "");
  PodClient client(context, api(server), brisk);
  ASSERT_TRUE(until([&] { return client.view().listed && !client.view().reachable; }));
  EXPECT_EQ(client.view().error, "HTTP 503");
  EXPECT_THAT(names(client), ElementsAre("one"));
  const auto before = server.targets.size();
  ASSERT_TRUE(until([&] { return server.targets.size() >= before + 3; })) << "goes on asking";
  EXPECT_THAT(server.targets.back(), HasSubstr("watch=1")) << "where it was";
  server.answers.clear();
  server.give_watch({sample::event("ADDED", {.pod_uid = "u2", .name = "two"})});
  EXPECT_TRUE(until_known(client, {"one", "two"}));
  EXPECT_TRUE(client.view().reachable);
}

TEST_F(PodClientTest, SaysThatNobodyListens) {
  // Bound, and not listened on.
  net::ip::tcp::acceptor nobody(context);
  nobody.open(net::ip::tcp::v4());
  nobody.bind({net::ip::address_v4::loopback(), 0});
  const std::string url = "http://127.0.0.1:" + std::to_string(nobody.local_endpoint().port());
  PodApi way{.tls = false,
             .host = "127.0.0.1",
             .port = url.substr(url.rfind(':') + 1),
             .host_header = "x",
             .token_file = {},
             .ca_file = {},
             .node = "n",
             .shown = url};
  PodClient client(context, way, brisk);
  ASSERT_TRUE(until([&] { return client.view().error != "no answer yet"; }));
  EXPECT_EQ(client.view().error, "connecting: Connection refused");
  EXPECT_FALSE(client.view().listed);
}

TEST_F(PodClientTest, TellsNothingToAServerThatItsAuthorityDoesNotKnow) {
  ApiServer server(context, "IP:127.0.0.1"), other(context, "IP:127.0.0.1");
  test::write_certificate(other.certificate(), ca_file());
  PodClient client(context, api(server), brisk);
  ASSERT_TRUE(until([&] { return client.view().error != "no answer yet"; }));
  EXPECT_THAT(client.view().error, StartsWith("TLS: the server's certificate is not good: "));
  EXPECT_THAT(client.view().error, HasSubstr("is kubernetes.ca_file, " + ca_file()));
  EXPECT_TRUE(server.targets.empty());
}

TEST_F(PodClientTest, TellsNothingToAServerOfAnotherName) {
  ApiServer server(context, "DNS:elsewhere.example");
  test::write_certificate(server.certificate(), ca_file());
  PodClient client(context, api(server), brisk);
  ASSERT_TRUE(until([&] { return client.view().error != "no answer yet"; }));
  EXPECT_THAT(client.view().error, HasSubstr("IP address mismatch"));
  EXPECT_TRUE(server.targets.empty());
}

TEST_F(PodClientTest, SaysWhichFileIsMissingOrBad) {
  ApiServer server(context, "IP:127.0.0.1");
  server.give_list(sample::pod_list("1", {}));
  EXPECT_THAT(try_pod_api(api(server), 1s), StartsWith("kubernetes.ca_file " + ca_file()));
  std::filesystem::remove(token_file());
  EXPECT_EQ(try_pod_api(api(server), 1s),
            "token file " + token_file() + ": No such file or directory");
  write_token("two\nlines");
  EXPECT_EQ(try_pod_api(api(server), 1s), "token file " + token_file() + " holds no token");
}

TEST_F(PodClientTest, GivesUpAnAnswerThatDoesNotEnd) {
  ApiServer server(context);
  server.answers.push_back({{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"kind\":"}, true});
  auto options = brisk;
  options.timeout = 200ms;
  PodClient client(context, api(server), options);
  ASSERT_TRUE(until([&] { return client.view().error != "no answer yet"; }));
  EXPECT_EQ(client.view().error, "reading the answer: no answer in time");
}

TEST_F(PodClientTest, AsksForLessAfterAnAnswerThatIsTooLong) {
  ApiServer server(context);
  ApiServer::Answer endless{{ApiServer::stream}};
  for (int i = 0; i < 17; ++i)
    endless.writes.push_back(ApiServer::chunk(std::string(1 << 20, ' ')));
  server.answers.push_back(endless);
  server.give_list(sample::pod_list("1", {pod("u1", "one")}));
  server.give_watch({});
  PodClient client(context, api(server), brisk);
  ASSERT_TRUE(until_known(client, {"one"}));
  EXPECT_THAT(server.targets.at(1), HasSubstr("&limit=20"));
}

TEST_F(PodClientTest, TakesAPodOfManyMegabytes) {
  ApiServer server(context);
  const std::string big = R"({"metadata":{"uid":"u1","name":"big","annotations":{"a":")" +
                          std::string(6 << 20, 'x') + R"("}}})";
  server.give_list(sample::pod_list("1", {}));
  server.give_watch({R"({"type":"ADDED","object":)" + big + "}"});
  PodClient client(context, api(server), brisk);
  EXPECT_TRUE(until_known(client, {"big"}));
}

TEST_F(PodClientTest, GivesUpALineThatDoesNotEnd) {
  ApiServer server(context);
  server.give_list(sample::pod_list("1", {pod("u1", "one")}));
  ApiServer::Answer endless{{ApiServer::stream}};
  for (int i = 0; i < 9; ++i) endless.writes.push_back(ApiServer::chunk(std::string(1 << 20, 'x')));
  server.answers.push_back(endless);
  server.give_list(sample::pod_list("2", {pod("u2", "two")}));
  server.give_watch({});
  PodClient client(context, api(server), brisk);
  EXPECT_TRUE(until_known(client, {"two"}));
}

TEST_F(PodClientTest, CanGoAwayWhileItWaits) {
  ApiServer server(context);
  server.answers.push_back({{}, true});
  {
    PodClient client(context, api(server), brisk);
    ASSERT_TRUE(until([&] { return !server.targets.empty(); }));
  }
  EXPECT_TRUE(until([&] { return true; }));
  context.restart();
  context.run_for(50ms);
  EXPECT_EQ(server.targets.size(), 1U) << "asks no more";
}

// On a thread of its own: the check waits.
class PodProbeTest : public PodClientTest {
 protected:
  std::string probe(ApiServer& server) {
    auto guard = net::make_work_guard(context);
    std::thread thread([this] { context.run(); });
    const auto said = try_pod_api(api(server), 5s);
    guard.reset();
    context.stop();
    thread.join();
    return said;
  }
};

TEST_F(PodProbeTest, FindsAllWell) {
  ApiServer server(context);
  server.give_list(sample::pod_list("1", {pod("u1", "one")}));
  server.give_watch({}, false);
  EXPECT_EQ(probe(server), "");
}

TEST_F(PodProbeTest, FindsThatListIsNotAllowed) {
  ApiServer server(context);
  server.give("403 Forbidden", sample::forbidden);
  EXPECT_THAT(probe(server),
              testing::EndsWith("(the service account needs list and watch on pods)"));
}

TEST_F(PodProbeTest, FindsThatWatchIsNotAllowed) {
  ApiServer server(context);
  server.give_list(sample::pod_list("1", {}));
  server.give("403 Forbidden", sample::forbidden);
  EXPECT_THAT(probe(server), StartsWith("HTTP 403: pods is forbidden"));
}

TEST_F(PodProbeTest, FindsThatItIsNoApiServer) {
  ApiServer server(context);
  server.give("200 OK", "<html>hello</html>");
  EXPECT_THAT(probe(server), HasSubstr("no list of pods"));
}

TEST(PodApi, IsThatOfTheClusterThatTheAgentRunsIn) {
  const std::map<std::string, std::string> variables{{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                                                     {"KUBERNETES_SERVICE_PORT", "6443"},
                                                     {"NODE_NAME", "node-b"}};
  const auto inside = [&](const char* name) {
    return variables.contains(name) ? variables.at(name) : "";
  };
  const auto outside = [](const char*) { return std::string(); };
  const auto there = [](const std::string&) { return true; };
  const auto missing = [](const std::string&) { return false; };
  const auto found = choose_pod_api({}, "host", inside, there).api;
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->tls);
  EXPECT_EQ(found->host, "fd00::1");
  EXPECT_EQ(found->port, "6443");
  EXPECT_EQ(found->host_header, "[fd00::1]:6443");
  EXPECT_EQ(found->node, "node-b");
  EXPECT_EQ(found->token_file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
  EXPECT_EQ(choose_pod_api({.node = "named"}, "host", inside, there).api->node, "named");
  EXPECT_THAT(choose_pod_api({}, "host", inside, missing).why_not, HasSubstr("no service account"));
  EXPECT_THAT(choose_pod_api({}, "host", outside, there).why_not, HasSubstr("runs in no pod"));
  EXPECT_EQ(choose_pod_api({.api = "off"}, "host", inside, there).why_not, "kubernetes.api is off");
  const auto proxy =
      choose_pod_api({.api = "http://127.0.0.1:8001/k8s/"}, "host", outside, missing).api;
  ASSERT_TRUE(proxy);
  EXPECT_FALSE(proxy->tls);
  EXPECT_EQ(proxy->base, "/k8s");
  EXPECT_EQ(proxy->node, "host");
  EXPECT_FALSE(choose_pod_api({.api = "https://u:p@h"}, "host", outside, there).api);
}

}  // namespace
}  // namespace fanfare
