// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/program_name.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace fanfare {
namespace {

using Arguments = std::span<const std::string>;

constexpr std::size_t most_arguments = 1024;

struct Interpreter {
  std::string_view name;     // its executable begins with it; a version may follow
  std::string_view valued;   // options whose value is the next argument, each between spaces
  std::string_view code;     // options whose value is the program itself: there is no script
  std::string_view module;   // ... whose value names the program
  std::string_view command;  // words before the script
};

constexpr std::array<Interpreter, 11> interpreters{{
    {"python", " -X -W --check-hash-based-pycs ", " -c ", " -m ", ""},
    {"pypy", " -X -W ", " -c ", " -m ", ""},
    {"node",
     " -r --require --import --loader --experimental-loader -C --conditions --env-file "
     "--icu-data-dir --openssl-config --title --max-old-space-size --inspect-port "
     "--diagnostic-dir --redirect-warnings --stack-trace-limit ",
     " -e --eval -p --print -pe ", "", ""},
    {"java",
     " -cp -classpath --class-path -p --module-path --add-modules --upgrade-module-path "
     "--add-reads --add-exports --add-opens --limit-modules --patch-module ",
     "", " -jar -m --module ", ""},
    {"ruby", " -I -r -C -E -K -x ", " -e ", "", ""},
    {"perl", " -I -x ", " -e -E ", "", ""},
    {"php", " -c -d -S -t -z ", " -r -B -R -E ", " -f ", ""},
    {"dotnet", " --additionalprobingpath --depsfile --runtimeconfig --fx-version --roll-forward ",
     "", "", " exec "},
    {"deno",
     " -c --config --import-map -L --log-level --cert --lock --location --seed "
     "--env-file ",
     "", "", " run serve "},
    {"bun", " -r --preload --cwd -c --config --env-file --filter ", " -e --eval -p --print ", "",
     " run x "},
    {"lua", " -l ", " -e ", "", ""},
}};

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool has_word(std::string_view list, std::string_view word) {
  return !word.empty() && list.find(" " + std::string(word) + " ") != std::string_view::npos;
}

// "python3.11" and "pypy3" are versions; "nodejs" and "php-fpm8.2" are other names.
const Interpreter* interpreter_of(std::string_view name) {
  for (const auto& interpreter : interpreters) {
    if (!name.starts_with(interpreter.name)) continue;
    const auto rest = name.substr(interpreter.name.size());
    if (rest.find_first_not_of("0123456789.") == std::string_view::npos || rest == "js")
      return &interpreter;
  }
  return nullptr;
}

// A word of a name: of what no shell and no terminal has to be told about.
std::optional<std::string> clean(std::string_view word) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-:@()";
  if (word.empty() || word.find_first_not_of(allowed) != std::string_view::npos)
    return std::nullopt;
  return std::string(word.substr(0, longest_program_name));
}

// "chat.main:app", "chat:create_app()", as the servers of Python take it.
bool is_application(std::string_view word) {
  const auto colon = word.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == word.size()) return false;
  auto object = word.substr(colon + 1);
  if (object.ends_with("()")) object.remove_suffix(2);
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.";
  const auto is_name = [&](std::string_view name) {
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
           name.find_first_not_of(letters) == std::string_view::npos;
  };
  return is_name(word.substr(0, colon)) && is_name(object);
}

struct Program {
  std::string_view word;  // empty: none
  Arguments rest{};       // behind it
  bool module = false;    // named by an option
};

Program program_of(const Interpreter& interpreter, Arguments arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    const bool last = i + 1 == arguments.size();
    if (has_word(interpreter.code, word)) return {};
    if (has_word(interpreter.module, word))
      return last ? Program{} : Program{arguments[i + 1], arguments.subspan(i + 2), true};
    if (has_word(interpreter.valued, word) || word == "--") {
      i += word == "--" ? 0 : 1;
      continue;
    }
    if (word.starts_with('-') || has_word(interpreter.command, word)) continue;
    return {word, arguments.subspan(i + 1), false};
  }
  return {};
}

// Options of these servers without a value; what stands behind any other may be its value.
constexpr std::string_view flags =
    " --reload --preload --proxy-headers --factory --daemon --use-colors --reuse-port -R ";

// Of gunicorn, uvicorn, hypercorn, daphne: what they serve.
std::string_view application_in(Arguments arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool value = i > 0 && arguments[i - 1].starts_with('-') &&
                       arguments[i - 1].find('=') == std::string::npos &&
                       !has_word(flags, arguments[i - 1]);
    if (!value && is_application(arguments[i])) return arguments[i];
  }
  return {};
}

std::string joined(std::string_view first, std::string_view second) {
  std::string name(first);
  if (!second.empty()) name += " " + std::string(second);
  return name.substr(0, longest_program_name);
}

std::string of_script(const Interpreter& interpreter, Arguments arguments) {
  const Program program = program_of(interpreter, arguments);
  auto script = clean(base_name(program.word));
  if (!script) return std::string(interpreter.name);
  const bool python = interpreter.name == "python" || interpreter.name == "pypy";
  // An installed command goes by its own name, as does `-m uvicorn`.
  const bool command = python && script->find('.') == std::string::npos;
  if (!command) {
    if (python && program.module) return *script;
    return joined(interpreter.name, *script);
  }
  return joined(*script, application_in(program.rest));
}

// Erlang: the node's name without its host says which release it is.
std::string of_beam(Arguments arguments) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] != "-sname" && arguments[i] != "-name") continue;
    const std::string_view node = arguments[i + 1];
    if (auto name = clean(node.substr(0, node.find('@')))) return *name;
  }
  return "beam";
}

// A process that has overwritten its arguments: "gunicorn: master [chat:app]", "puma 6.0 (tcp:...".
std::optional<std::string> of_title(const Arguments& arguments) {
  if (arguments.empty()) return std::nullopt;
  const std::string_view title = arguments.front();
  const auto space = title.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  auto first = base_name(title.substr(0, space));
  if (first.ends_with(':')) first.remove_suffix(1);
  auto word = clean(first);
  if (!word) return std::nullopt;
  const auto open = title.rfind('['), shut = title.rfind(']');
  if (open == std::string_view::npos || shut == std::string_view::npos || shut < open) return word;
  const auto inside = title.substr(open + 1, shut - open - 1);
  return joined(*word, is_application(inside) ? inside : std::string_view{});
}

}  // namespace

std::vector<std::string> arguments_of(std::string_view cmdline) {
  std::vector<std::string> arguments;
  while (!cmdline.empty() && arguments.size() < most_arguments) {
    const auto end = std::min(cmdline.find('\0'), cmdline.size());
    arguments.emplace_back(cmdline.substr(0, end));
    cmdline.remove_prefix(std::min(end + 1, cmdline.size()));
  }
  return arguments;
}

bool is_spawned_worker(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i)
    if (arguments[i] == "-c" && arguments[i + 1].starts_with("from multiprocessing.")) return true;
  return false;
}

std::string program_name(std::string_view exe, const std::vector<std::string>& arguments) {
  if (exe.empty() && !arguments.empty())
    exe = std::string_view(arguments.front()).substr(0, arguments.front().find(' '));
  const auto name = clean(base_name(exe));
  if (!name) return {};
  const Arguments all(arguments);
  const Arguments rest = all.empty() ? all : all.subspan(1);
  if (name->starts_with("beam") && name->find("smp") != std::string::npos) return of_beam(rest);
  const auto* interpreter = interpreter_of(*name);
  if (!interpreter) return *name;
  if (rest.empty() || std::ranges::all_of(rest, &std::string::empty))
    if (auto title = of_title(all)) return *title;
  return of_script(*interpreter, rest);
}

}  // namespace fanfare
