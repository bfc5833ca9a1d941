// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/alertmanager_url.h"

#include <openssl/evp.h>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace fanfare {
namespace {

std::string base64(const std::string& bytes) {
  // EVP_EncodeBlock writes a 0 after the text.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string text_of(boost::urls::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::optional<AlertmanagerUrl> parse_alertmanager_url(std::string_view text) {
  constexpr std::size_t longest = 2048;
  if (text.size() > longest) return std::nullopt;
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed || parsed->host().empty()) return std::nullopt;
  const bool tls = parsed->scheme_id() == boost::urls::scheme::https;
  if (!tls && parsed->scheme_id() != boost::urls::scheme::http) return std::nullopt;
  if (parsed->has_query() || parsed->has_fragment()) return std::nullopt;

  AlertmanagerUrl url;
  url.tls = tls;
  const bool ipv6 = parsed->host_type() == boost::urls::host_type::ipv6;
  url.host = ipv6 ? parsed->host_address() : parsed->host();
  url.port = parsed->port().empty() ? (tls ? "443" : "80") : text_of(parsed->port());
  url.host_header = text_of(parsed->encoded_host_and_port());
  url.target = text_of(parsed->encoded_path());
  while (url.target.ends_with('/')) url.target.pop_back();
  url.target += "/api/v2/alerts";
  if (parsed->has_userinfo())
    url.authorization = "Basic " + base64(parsed->user() + ":" + parsed->password());
  boost::urls::url shown = *parsed;
  shown.remove_userinfo();
  url.shown = text_of(shown.buffer());
  return url;
}

}  // namespace fanfare
