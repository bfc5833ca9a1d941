// SPDX-License-Identifier: Apache-2.0
// What programs are called, by their executable and command line.
#include "agent/kernel/program_name.h"

#include <gtest/gtest.h>

namespace fanfare {
namespace {

using Words = std::vector<std::string>;

TEST(ProgramName, what_is_no_interpreter_goes_by_its_executable) {
  EXPECT_EQ(program_name("/usr/sbin/nginx", {"nginx: master process /usr/sbin/nginx"}), "nginx");
  EXPECT_EQ(program_name("/opt/chat/chatd", {"./chatd", "--token", "secret"}), "chatd");
  EXPECT_EQ(program_name("", {"/opt/chat/chatd", "--token=secret"}), "chatd");
  EXPECT_EQ(program_name("", {}), "");
}

TEST(ProgramName, the_script_of_an_interpreter) {
  const auto python = "/usr/bin/python3.11";
  EXPECT_EQ(program_name(python, {"python3", "/srv/chat/server.py", "8000"}), "python server.py");
  EXPECT_EQ(program_name(python, {"/usr/bin/python3", "/usr/bin/gunicorn", "-w", "4", "chat:app"}),
            "gunicorn chat:app");
  EXPECT_EQ(program_name(python, {"python3", "-X", "dev", "-m", "uvicorn", "chat.main:create()"}),
            "uvicorn chat.main:create()");
  EXPECT_EQ(program_name(python, {"python3", "-m", "http.server", "8000"}), "http.server");
  EXPECT_EQ(program_name("/usr/bin/node", {"node", "--require", "./secret.js", "dist/server.js"}),
            "node server.js");
  EXPECT_EQ(program_name("/usr/bin/nodejs", {"nodejs", "--inspect", "app.mjs"}), "node app.mjs");
  EXPECT_EQ(program_name("/usr/bin/ruby3.1", {"ruby", "-I", "lib", "bin/cable"}), "ruby cable");
  EXPECT_EQ(program_name("/usr/bin/deno", {"deno", "run", "-A", "chat.ts"}), "deno chat.ts");
  EXPECT_EQ(program_name("/usr/bin/dotnet", {"dotnet", "/app/Chat.dll"}), "dotnet Chat.dll");
  EXPECT_EQ(program_name("/usr/bin/php8.2", {"php", "-S", "0.0.0.0:80", "chat.php"}),
            "php chat.php");
}

TEST(ProgramName, java_and_erlang) {
  const auto java = "/usr/lib/jvm/java-17/bin/java";
  EXPECT_EQ(program_name(java, {"java", "-Dpassword=x", "-cp", "/a:/b", "-jar", "/app/chat.jar"}),
            "java chat.jar");
  EXPECT_EQ(program_name(java, {"java", "-Xmx1g", "-cp", "/app/*", "com.example.Chat", "--key=1"}),
            "java com.example.Chat");
  const auto beam = "/usr/lib/erlang/erts-13/bin/beam.smp";
  EXPECT_EQ(program_name(beam, {"beam.smp", "--", "-root", "/x", "-sname", "chat@host",
                                "-setcookie", "secret"}),
            "chat");
  EXPECT_EQ(program_name(beam, {"beam.smp", "--", "-setcookie", "secret"}), "beam");
}

TEST(ProgramName, no_value_of_an_option_and_no_code) {
  const auto python = "/usr/bin/python3";
  EXPECT_EQ(program_name(python, {"python3", "-c", "password = 'x'"}), "python");
  EXPECT_EQ(program_name(python, {"python3"}), "python");
  EXPECT_EQ(program_name("/usr/bin/node", {"node", "-e", "secret()"}), "node");
  EXPECT_EQ(program_name(python, {"python3", "/usr/bin/gunicorn", "--env", "KEY=a:b", "chat:app"}),
            "gunicorn chat:app");
  EXPECT_EQ(program_name(python, {"python3", "/usr/bin/daphne", "--token", "a:b", "chat:app"}),
            "daphne chat:app");
  EXPECT_EQ(program_name(python, {"python3", "/usr/bin/uvicorn", "--reload", "chat:app"}),
            "uvicorn chat:app");
  EXPECT_EQ(program_name(python, {"python3", "with space.py"}), "python");
  EXPECT_EQ(program_name("/bin/" + std::string(100, 'x'), {}).size(), longest_program_name);
}

TEST(ProgramName, a_title_that_overwrote_the_arguments) {
  const auto python = "/usr/bin/python3";
  EXPECT_EQ(program_name(python, {"gunicorn: worker [chat:app]"}), "gunicorn chat:app");
  EXPECT_EQ(program_name("/usr/bin/ruby", {"puma 6.0.2 (tcp://0.0.0.0:3000) [app]", "", ""}),
            "puma");
}

TEST(ProgramName, a_worker_of_multiprocessing_is_told) {
  EXPECT_TRUE(is_spawned_worker(
      {"python3", "-c", "from multiprocessing.spawn import spawn_main; spawn_main()", "--x"}));
  EXPECT_FALSE(is_spawned_worker({"python3", "server.py"}));
  EXPECT_EQ(arguments_of(std::string_view("a\0b c\0", 6)), (Words{"a", "b c"}));
}

}  // namespace
}  // namespace fanfare
