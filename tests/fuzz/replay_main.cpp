// Stands in for libFuzzer where there is none: `EXECUTABLE FOLDER` runs the target once for each
// file in the folder, `EXECUTABLE FILE...` for each file.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fuzz/target.hpp>

namespace {

std::vector<std::filesystem::path> inputs(int argc, char** argv) {
    std::vector<std::filesystem::path> paths;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            paths.emplace_back(argv[i]);
            continue;
        }
        for (auto const& entry : std::filesystem::directory_iterator(argv[i]))
            paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

// False when the file cannot be read.
bool replay(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    std::string const text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) return false;
    // A copy of the exact size, so that AddressSanitizer sees who reads behind it.
    std::vector<std::uint8_t> const bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    return true;
}

} // namespace

int main(int argc, char** argv) {
    std::vector<std::filesystem::path> const paths = inputs(argc, argv);
    if (paths.empty()) {
        std::fputs("no inputs: give a folder or files\n", stderr);
        return EXIT_FAILURE;
    }
    for (std::filesystem::path const& path : paths) {
        // Before it runs: whatever ends the process, the last name is that of the input.
        std::fprintf(stderr, "%s\n", path.c_str());
        if (!replay(path)) {
            std::fputs("cannot be read\n", stderr);
            return EXIT_FAILURE;
        }
    }
    std::fprintf(stderr, "%zu inputs, all well\n", paths.size());
    return EXIT_SUCCESS;
}
