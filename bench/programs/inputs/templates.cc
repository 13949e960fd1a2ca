// SPDX-License-Identifier: MIT OR Apache-2.0
// What makes a C++ compiler work: much of the standard library, instantiated.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <typename T> using nested = std::map<std::string, std::vector<std::unique_ptr<T>>>;

template <std::size_t N> struct fold {
    static std::tuple<std::string, nested<std::pair<std::string, int>>> of(const std::string &text)
    {
        auto rest = fold<N - 1>::of(text);
        std::get<0>(rest) += std::to_string(N);
        return rest;
    }
};

template <> struct fold<0> {
    static std::tuple<std::string, nested<std::pair<std::string, int>>> of(const std::string &text)
    {
        return std::make_tuple(text, nested<std::pair<std::string, int>>());
    }
};

int main(int argc, char **argv)
{
    std::vector<std::string> words(argv, argv + argc);
    std::unordered_map<std::string, std::function<std::variant<int, std::string>(int)>> calls;
    calls["twice"] = [](int n) { return 2 * n; };
    calls["text"] = [](int n) { return std::to_string(n); };
    std::regex pattern("([a-z]+)-([0-9]+)", std::regex::extended);
    std::smatch match;
    std::ostringstream out;
    for (const auto &word : words)
        if (std::regex_match(word, match, pattern))
            out << match[1] << ' ' << match[2] << '\n';
    std::stable_sort(words.begin(), words.end(), std::greater<>());
    std::set<std::string> unique(words.begin(), words.end());
    std::thread([&] { out << std::get<0>(fold<8>::of("x")) << unique.size(); }).join();
    for (const auto &[name, call] : calls)
        std::visit([&](const auto &value) { out << name << value; }, call(argc));
    std::cout << out.str() << std::accumulate(words.begin(), words.end(), std::string()) << '\n';
}
