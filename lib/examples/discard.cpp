// `discard [ENDPOINT [WORKERS]]`.
#include "discard.hpp"
#include "serve.hpp"

int main(int argc, char** argv) {
    return examples::serve<examples::Discard>(argc, argv, "localhost:9");
}
