// SPDX-License-Identifier: Apache-2.0
// RAII over any bpftool skeleton: what open() gave is destroyed once, attachments included.
#pragma once

#include <cerrno>
#include <memory>
#include <system_error>

namespace fanfare {

template <typename Raw>
class Skeleton {
 public:
  // Throws std::system_error with errno where libbpf cannot open the object.
  Skeleton() : raw_(Raw::open()) {
    if (!raw_) throw std::system_error(errno, std::generic_category(), "opening the BPF object");
  }
  Raw* operator->() const { return raw_.get(); }
  Raw* get() const { return raw_.get(); }

 private:
  struct Destroy {
    void operator()(Raw* raw) const { Raw::destroy(raw); }
  };
  std::unique_ptr<Raw, Destroy> raw_;
};

}  // namespace fanfare
