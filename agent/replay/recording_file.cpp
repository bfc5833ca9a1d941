// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/recording_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "agent/config/text.h"
#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

constexpr std::string_view magic = "FANFARE-RECORDING 4 ";
// Of bpf/abi.h: whoever changes a word there makes another version, without having to think of it.
constexpr std::string_view words = FANFARE_ABI_HASH;
constexpr std::uint32_t largest_block = 512U << 20;  // 1,000,000 sockets
constexpr int compression = 1;                       // the fastest; the differences are mostly 0

struct BlockHead {
  std::uint32_t stored = 0;  // bytes that follow
  std::uint32_t raw = 0;     // bytes once decompressed
  std::uint8_t kind = 0;
  std::uint8_t reserved[3]{};
};
static_assert(sizeof(BlockHead) == 12);

std::string compress(std::string_view bytes) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (!context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, compression);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string stored(ZSTD_compressBound(bytes.size()), '\0');
  const auto size =
      ZSTD_compress2(context.get(), stored.data(), stored.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) throw std::runtime_error(ZSTD_getErrorName(size));
  stored.resize(size);
  return stored;
}

}  // namespace

bool is_recording(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string head(magic.size(), '\0');
  return in.read(head.data(), static_cast<std::streamsize>(head.size())) && head == magic;
}

RecordingWriter::RecordingWriter(const std::string& path)
    : path_(path),
      file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (!file_) throw std::system_error(errno, std::generic_category(), "creating " + path);
  put(std::string(magic) + std::string(words) + "\n");
}

void RecordingWriter::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(file_.get(), bytes.data(), bytes.size());
    if (put < 0) throw std::system_error(errno, std::generic_category(), "writing " + path_);
    size_ += static_cast<std::uint64_t>(put);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void RecordingWriter::write(BlockKind kind, std::string_view bytes) {
  if (bytes.size() > largest_block) throw std::runtime_error("too many sockets to record");
  const std::string stored = compress(bytes);
  BlockHead head;
  head.stored = static_cast<std::uint32_t>(stored.size());
  head.raw = static_cast<std::uint32_t>(bytes.size());
  head.kind = static_cast<std::uint8_t>(kind);
  put(std::string(reinterpret_cast<const char*>(&head), sizeof head) + stored);
}

RecordingReader::RecordingReader(const std::string& path)
    : path_(escaped(path)), in_(path, std::ios::binary) {
  if (!in_) throw BadFile(path_ + ": " + std::strerror(errno));
  std::string head(magic.size() + words.size() + 1, '\0');
  in_.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (!head.starts_with(magic))
    throw BadFile(path_ + ": not a recording of fanfare agent --record");
  if (in_.gcount() != static_cast<std::streamsize>(head.size()))
    throw BadFile(path_ + ": cut off within its head; nothing was recorded");
  if (head.substr(magic.size()) != std::string(words) + "\n")
    throw BadFile(
        path_ +
        ": recorded by another version of fanfare, whose counters are laid out in another "
        "way; replay it with the version that recorded it");
}

std::optional<Block> RecordingReader::read() {
  BlockHead head;
  in_.read(reinterpret_cast<char*>(&head), sizeof head);
  cut_ = in_.gcount() != 0 && in_.gcount() != sizeof head;
  if (in_.gcount() != sizeof head) return std::nullopt;
  if (head.raw > largest_block || head.stored > ZSTD_compressBound(head.raw) ||
      head.kind > static_cast<std::uint8_t>(BlockKind::snapshot))
    throw BadFile(path_ + ": damaged: a block that fanfare does not write");
  std::string stored(head.stored, '\0');
  in_.read(stored.data(), static_cast<std::streamsize>(stored.size()));
  if (in_.gcount() != static_cast<std::streamsize>(stored.size())) {
    cut_ = true;
    return std::nullopt;
  }
  Block block{static_cast<BlockKind>(head.kind), std::string(head.raw, '\0')};
  const auto size =
      ZSTD_decompress(block.bytes.data(), block.bytes.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) || size != head.raw)
    throw BadFile(path_ + ": damaged: a block does not match its checksum");
  return block;
}

}  // namespace fanfare
