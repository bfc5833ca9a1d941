// SPDX-License-Identifier: Apache-2.0
// The one file that knows libarchive.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/cli/bundle.h"
#include "agent/cli/escape.h"

namespace fanfare {
namespace {

constexpr const char* folder = "fanfare-bundle/";

using Archive = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

void must(int result, archive* to) {
  if (result != ARCHIVE_OK)
    throw BundleError(fmt::format("cannot write the bundle: {}", archive_error_string(to)));
}

}  // namespace

BundleFile::BundleFile(std::string path)
    : path_(std::move(path)),
      fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
  if (fd_ >= 0) return;
  if (errno == EEXIST)
    throw BundleError(fmt::format("{} exists and is not overwritten: give --bundle another name",
                                  terminal_safe(path_)));
  throw BundleError(fmt::format("cannot make {}: {}; give --bundle a file that you may write",
                                terminal_safe(path_), std::strerror(errno)));
}

BundleFile::~BundleFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (!finished_) ::unlink(path_.c_str());
}

void BundleFile::write(const BundleFiles& files, long mtime_seconds) {
  const Archive tar(archive_write_new(), &archive_write_free);
  must(archive_write_add_filter_gzip(tar.get()), tar.get());
  must(archive_write_set_format_pax_restricted(tar.get()), tar.get());
  must(archive_write_open_fd(tar.get(), fd_), tar.get());
  for (const auto& [name, text] : files) {
    const Entry entry(archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname(entry.get(), (folder + name).c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(text.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_mtime(entry.get(), mtime_seconds, 0);
    must(archive_write_header(tar.get(), entry.get()), tar.get());
    if (archive_write_data(tar.get(), text.data(), text.size()) !=
        static_cast<la_ssize_t>(text.size()))
      must(ARCHIVE_FATAL, tar.get());
  }
  must(archive_write_close(tar.get()), tar.get());
  finished_ = true;
}

}  // namespace fanfare
