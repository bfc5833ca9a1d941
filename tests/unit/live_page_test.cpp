// SPDX-License-Identifier: Apache-2.0
// The live page as the agent serves it: whole, compressed, shut in by its policy, without a word to
// anybody else. What it shows is tested in a browser, in tests/page.
#include "agent/exports/page.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "agent/exports/respond.h"
#include "tests/unit/sample_view.h"

namespace fanfare {
namespace {

namespace http = boost::beast::http;
using testing::HasSubstr;
using testing::Not;

Response get_page(const char* encodings = nullptr) {
  Request request{http::verb::get, "/", 11};
  if (encodings) request.set(http::field::accept_encoding, encodings);
  return respond(sample::view(), request, Surface::listen, sample::now);
}

std::string header(const Response& response, boost::beast::string_view name) {
  return std::string(response[name]);
}

std::string gunzipped(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string text(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = packed.size();
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = text.size();
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

// The text of the only element of that name.
std::string element(const std::string& html, const std::string& name) {
  const auto open = html.find("<" + name);
  const auto from = html.find('>', open) + 1;
  const auto to = html.find("</" + name + ">");
  EXPECT_EQ(html.find("<" + name, from), std::string::npos) << "a second " << name;
  return html.substr(from, to - from);
}

std::string csp_hash(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string base64(4 * ((size + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), digest.data(),
                  static_cast<int>(size));
  return "'sha256-" + base64 + "'";
}

TEST(LivePage, IsServedAsOneSmallFile) {
  const Response page = get_page();
  EXPECT_EQ(page.result(), http::status::ok);
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.body(), live_page().html);
  EXPECT_THAT(page.body(), testing::StartsWith("<!doctype html>"));
  EXPECT_LT(page.body().size(), 150'000U);
}

TEST(LivePage, IsCompressedForWhoTakesIt) {
  for (const char* takes : {"gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8"}) {
    const Response page = get_page(takes);
    EXPECT_EQ(header(page, "Content-Encoding"), "gzip") << takes;
    EXPECT_LT(page.body().size(), live_page().html.size() / 2) << takes;
    EXPECT_EQ(gunzipped(page.body()), live_page().html) << takes;
  }
  for (const char* refuses : {"", "br", "gzip;q=0", "gzip;q=0.000", "xgzip"}) {
    const Response page = get_page(refuses);
    EXPECT_EQ(header(page, "Content-Encoding"), "") << refuses;
    EXPECT_EQ(page.body(), live_page().html) << refuses;
  }
  EXPECT_EQ(header(get_page(), "Vary"), "Accept-Encoding");
}

TEST(LivePage, ItsPolicyLetsItsOwnScriptAndStyleInAndNothingElse) {
  const Response page = get_page();
  const std::string policy = header(page, "Content-Security-Policy");
  EXPECT_EQ(policy, "default-src 'none'; script-src " + csp_hash(element(page.body(), "script")) +
                        "; style-src " + csp_hash(element(page.body(), "style")) +
                        "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                        "frame-ancestors 'none'");
  EXPECT_EQ(header(page, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(page, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(header(page, "Set-Cookie"), "");
}

TEST(LivePage, NamesNobodyElse) {
  const std::string html(live_page().html);
  // The namespace of SVG is a name, not an address.
  const std::set<std::string> names{"http://www.w3.org/2000/svg"};
  const std::regex url("(https?:|wss?:)?//[A-Za-z0-9][^\\s\"'`)<>]*");
  const std::string code = element(html, "script") + element(html, "style");
  const auto license = html.find("<!--");
  const std::string markup = html.substr(0, license) + html.substr(html.find("-->", license));
  for (const std::string& text : {code, markup}) {
    for (std::sregex_iterator at(text.begin(), text.end(), url), end; at != end; ++at) {
      EXPECT_TRUE(names.contains(at->str())) << at->str();
    }
  }
}

TEST(LivePage, CarriesTheLicenseOfWhatItIsBuiltOf) {
  const std::string html(live_page().html);
  EXPECT_THAT(html, HasSubstr("uPlot"));
  EXPECT_THAT(html, HasSubstr("Permission is hereby granted, free of charge"));
}

// Names come from the wire and from configuration.
TEST(LivePage, ItsSourcesNeverTurnTextIntoElements) {
  const std::filesystem::path sources(FANFARE_SOURCE_DIR "/agent/exports/page");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(sources)) {
    if (entry.path().extension() != ".js") continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const char* way : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                            "DOMParser", "eval(", "createContextualFragment"}) {
      EXPECT_THAT(text, Not(HasSubstr(way))) << entry.path();
    }
    ++files;
  }
  EXPECT_GT(files, 8) << "the sources were found";
}

}  // namespace
}  // namespace fanfare
