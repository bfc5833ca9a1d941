// SPDX-License-Identifier: Apache-2.0
// /api/v1/events with real sockets: what is told when, to how many, and how it ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/exports/event_feed.h"
#include "agent/exports/json.h"
#include "tests/unit/loopback_server.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace loopback;

const std::string path = "/api/v1/events";

// A listener that has read the head of its answer.
Client listen(const Running& server, std::string* head = nullptr) {
  Client client = server.tcp();
  client.send(get(path));
  const std::string text = client.read_to("\r\n\r\n");
  if (head) *head = text;
  return client;
}

TEST(EventFeed, AnEventIsTheStatusMadeOncePerTick) {
  EventFeed feed(1);
  View view = sample::view();
  const auto first = feed.event(view, sample::now);
  EXPECT_EQ(*first, "data: " + status_json(view, sample::now) + "\n");
  EXPECT_EQ(std::ranges::count(*first, '\n'), 2) << "one line and the end of the event";
  EXPECT_EQ(feed.event(view, sample::now + 300ms), first);
  view.ticks = 1;
  EXPECT_EQ(*feed.event(view, sample::now + 1s),
            "data: " + status_json(view, sample::now + 1s) + "\n");
}

TEST(HttpEvents, BeginWithTheStatusOfNow) {
  Running server;
  std::string head;
  const Client client = listen(server, &head);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
  EXPECT_TRUE(has(head, "Content-Type: text/event-stream\r\n")) << head;
  EXPECT_TRUE(has(head, "Cache-Control: no-store\r\n")) << head;
  EXPECT_TRUE(has(head, "Connection: close\r\n")) << head;
  EXPECT_FALSE(has(head, "Content-Length")) << head;
  const std::string event = client.read_to("\n\n");
  EXPECT_TRUE(event.starts_with("data: {\"version\":\"0.1.0\",\"node\":\"host-a\"")) << event;
}

TEST(HttpEvents, TellEachTickOnceToEveryListener) {
  Running server;
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(listen(server));
  const Client admin = server.unix_socket();
  admin.send(get(path));
  admin.read_to("\r\n\r\n");
  clients.push_back(Client(server.address()));  // somebody who listens to nothing
  clients.back().send(get("/livez"));
  clients.back().read_answer();
  clients.pop_back();
  for (const Client& client : clients)
    EXPECT_TRUE(has(client.read_to("\n\n"), "\"attached\":true"));
  admin.read_to("\n\n");
  for (std::uint64_t tick = 1; tick <= 5; ++tick) {
    View next = *server.view.load();
    next.version = "tick-" + std::to_string(tick);
    server.view.store(std::make_shared<const View>(next));
    server.publish(tick);
    const std::string said = clients[0].read_to("\n\n");
    EXPECT_TRUE(has(said, "\"version\":\"" + next.version + "\"")) << said;
    EXPECT_EQ(clients[1].read_to("\n\n"), said);
    EXPECT_EQ(clients[2].read_to("\n\n"), said);
    EXPECT_EQ(admin.read_to("\n\n"), said);
  }
  EXPECT_EQ(server.listening(), 4U);
}

TEST(HttpEvents, NoClientAddressIsTold) {
  Running server;
  const Client client = listen(server);
  EXPECT_FALSE(has(client.read_to("\n\n"), sample::client_address));
}

TEST(HttpEvents, TheSeventeenthListenerIsTurnedAwayInASentence) {
  Running server;
  std::vector<Client> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(listen(server));
  ASSERT_TRUE(soon([&] { return server.listening() == 16; }));
  const Client one_more = server.unix_socket();  // the bound is of both surfaces
  one_more.send(get(path));
  const std::string refused = one_more.read_all();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_TRUE(has(refused, "16 pages listen already")) << refused;
  EXPECT_TRUE(has(refused, "/api/v1/status")) << refused;

  const Client scrape = server.tcp();  // nobody else is kept out
  scrape.send(get("/metrics"));
  EXPECT_TRUE(scrape.read_answer().starts_with("HTTP/1.1 200 "));

  clients.pop_back();
  server.publish(1);  // a write finds out that one has left
  server.publish(2);
  ASSERT_TRUE(soon([&] { return server.listening() == 15; }));
  std::string head;
  clients.push_back(listen(server, &head));
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
}

TEST(HttpEvents, SilenceIsFilledWithAComment) {
  Running server(5s, 64, 100ms);
  const Client client = listen(server);
  client.read_to("\n\n");
  EXPECT_EQ(client.read_to("\n\n"), ": still here\n\n");
  EXPECT_EQ(client.read_to("\n\n"), ": still here\n\n");
  server.publish(1);
  EXPECT_TRUE(client.read_to("\n\n").find("data: {") != std::string::npos);
}

TEST(HttpEvents, WhoDoesNotReadIsDropped) {
  Running server(2s);  // in which the one that reads takes an event, however slow the machine
  View large = sample::view();
  for (int i = 0; i < 5000; ++i) {
    large.shards.push_back(sample::shard("shard-" + std::to_string(i)));
  }
  server.view.store(std::make_shared<const View>(std::move(large)));
  const Client reader = listen(server);
  const Client sleeper = listen(server);
  ASSERT_TRUE(soon([&] { return server.listening() == 2; }));
  std::thread reading([&] { reader.read_all(); });
  std::uint64_t tick = 0;
  // More than the socket's buffers hold; each event is well over a megabyte.
  EXPECT_TRUE(soon([&] {
    server.publish(++tick);
    std::this_thread::sleep_for(20ms);
    return server.listening() == 1;
  }));
  EXPECT_EQ(server.open(Surface::listen), 1U) << "the one that reads";
  server.stop();
  reading.join();
}

TEST(HttpEvents, EndWithTheServer) {
  Running server(60s, 64, 60s);
  const Client client = listen(server);
  client.read_to("\n\n");
  ASSERT_TRUE(soon([&] { return server.listening() == 1; }));
  const auto begin = Clock::now();
  server.stop();
  EXPECT_LT(Clock::now() - begin, 30s) << "the next comment is due after a minute";
  EXPECT_EQ(client.read_all(), "");
}

TEST(HttpEvents, TheContextMayEndWhileSomebodyListens) {
  const Directory directory;
  const auto view = std::make_shared<const View>(sample::view());
  std::optional<Client> client;
  {
    net::io_context context(1);
    Server server(context, {.listen = "127.0.0.1:0", .admin = directory.file("s")},
                  {[&] { return view; }, {}});
    client.emplace(server.listen_address());
    client->send(get(path));
    EXPECT_TRUE(soon(context, [&] { return has(client->peek(), "data: {"); }));
    EXPECT_EQ(server.listening(), 1U);
  }
  EXPECT_TRUE(has(client->read_all(), "data: {"));
}

TEST(HttpEvents, WithoutAViewThereIsNothingToTell) {
  Running server;
  server.view.store(nullptr);
  const Client client = server.tcp();
  client.send(get(path));
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 503 "));
}

TEST(HttpEvents, HeadAndOtherMethodsBeginNoStream) {
  Running server;
  const Client head = server.tcp();
  head.send("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = head.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  const Client post = server.tcp();
  post.send("POST " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(post.read_answer().starts_with("HTTP/1.1 405 "));
  EXPECT_EQ(server.listening(), 0U);
}

}  // namespace
}  // namespace fanfare
