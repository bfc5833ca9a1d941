// SPDX-License-Identifier: Apache-2.0
// Names that others chose (process names, cgroups) made safe for JSON and for metric labels, both
// of which must be UTF-8: one bad byte in one process name would make a whole scrape fail.
#pragma once

#include <string>
#include <string_view>

namespace fanfare {

// Valid UTF-8 stays as it is. Every other byte becomes U+FFFD and two hexadecimal digits, and so do
// the bytes of a literal U+FFFD: different names stay different, no two series fall together.
std::string label_text(std::string_view bytes);

}  // namespace fanfare
