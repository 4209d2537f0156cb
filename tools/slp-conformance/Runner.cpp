//===- Runner.cpp - run test cases in processes of their own ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A child writes its outcome to a pipe, the kind on the first line, the detail on the second.
//
//===----------------------------------------------------------------------------------------===//

#include "Runner.h"

#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace slp;
using namespace slp::conformance;
using Clock = std::chrono::steady_clock;

namespace {
struct Child {
  size_t index;
  pid_t process;
  int pipe;
  Clock::time_point deadline;
  std::string text;
  bool isLate = false;
};
} // namespace

static void writeAll(int file, llvm::StringRef text) {
  while (!text.empty()) {
    ssize_t n = write(file, text.data(), text.size());
    if (n <= 0)
      return;
    text = text.drop_front(size_t(n));
  }
}

/// The child's side; does not return.
[[noreturn]] static void runChild(int pipe, const Limits &limits,
                                  llvm::function_ref<Outcome()> run) {
  if (limits.memory) {
    rlim_t bytes = rlim_t(limits.memory) << 20;
    rlimit address = {bytes, bytes};
    setrlimit(RLIMIT_AS, &address);
  }
  rlimit core = {0, 0};
  setrlimit(RLIMIT_CORE, &core);
  if (!limits.showErrors) {
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
  }
  Outcome outcome = run();
  writeAll(pipe, (stringify(outcome.kind) + "\n" + outcome.detail + "\n" +
                  llvm::Twine(outcome.uncompared) + "\n")
                     .str());
  _exit(0); // no destructors: the parent's buffers were copied, too
}

static Result<Child> start(size_t index, const Limits &limits,
                           llvm::function_ref<Outcome(size_t)> run) {
  int ends[2];
  if (pipe(ends) != 0)
    return Error{std::string("cannot make a pipe: ") + strerror(errno)};
  pid_t process = fork();
  if (process < 0)
    return Error{std::string("cannot make a process: ") + strerror(errno)};
  if (process == 0) {
    close(ends[0]);
    runChild(ends[1], limits, [&] { return run(index); });
  }
  close(ends[1]);
  return Child{index, process, ends[0], Clock::now() + std::chrono::seconds(limits.seconds),
               "",    false};
}

/// What a child that has ended left behind.
static Outcome finish(Child &child, const Limits &limits) {
  close(child.pipe);
  int status = 0;
  waitpid(child.process, &status, 0);
  if (child.isLate)
    return {Kind::timeout, "more than " + std::to_string(limits.seconds) + " s"};
  auto [kind, rest] = llvm::StringRef(child.text).split('\n');
  std::optional<Kind> parsed = parseKind(kind);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && parsed) {
    auto [detail, uncompared] = rest.split('\n');
    Outcome outcome{*parsed, detail.str()};
    uncompared.trim().getAsInteger(10, outcome.uncompared);
    return outcome;
  }
  if (!WIFSIGNALED(status))
    return {Kind::crash, "exit status " + std::to_string(WEXITSTATUS(status))};
  // Memory that is not there ends in abort (bad_alloc) or in a bad address.
  return {Kind::crash, std::string(strsignal(WTERMSIG(status))) + ", with " +
                           (limits.memory ? "at most " + std::to_string(limits.memory) + " MiB"
                                          : std::string("no limit"))};
}

/// Waits until a pipe can be read or a deadline is over.
static void waitForAny(const std::vector<Child> &children) {
  std::vector<pollfd> polls;
  Clock::time_point first = children.front().deadline;
  for (const Child &child : children) {
    polls.push_back({child.pipe, POLLIN, 0});
    first = std::min(first, child.deadline);
  }
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(first - Clock::now()).count();
  poll(polls.data(), polls.size(), int(std::max<long>(left + 1, 0)));
}

/// Reads what there is. True when the child has closed its end.
static bool readSome(Child &child) {
  pollfd one = {child.pipe, POLLIN, 0};
  if (poll(&one, 1, 0) <= 0)
    return false;
  char buffer[4096];
  ssize_t n = read(child.pipe, buffer, sizeof buffer);
  if (n > 0)
    child.text.append(buffer, size_t(n));
  return n <= 0;
}

Result<std::vector<Outcome>> slp::conformance::runAll(size_t count, const Limits &limits,
                                                      llvm::function_ref<Outcome(size_t)> run) {
  std::vector<Outcome> outcomes(count);
  std::vector<Child> running;
  for (size_t next = 0; next < count || !running.empty();) {
    while (next < count && running.size() < std::max(limits.jobs, 1u)) {
      Result<Child> child = start(next++, limits, run);
      if (!child)
        return child.takeError();
      running.push_back(child.take());
    }
    waitForAny(running);
    for (size_t i = running.size(); i-- > 0;) {
      Child &child = running[i];
      bool hasEnded = readSome(child);
      if (!hasEnded && Clock::now() >= child.deadline) {
        child.isLate = true;
        kill(child.process, SIGKILL);
      }
      if (!hasEnded && !child.isLate)
        continue;
      outcomes[child.index] = finish(child, limits);
      running.erase(running.begin() + ptrdiff_t(i));
    }
  }
  return outcomes;
}
