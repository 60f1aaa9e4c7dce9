// `http [ENDPOINT [WORKERS]]`, then `curl localhost:8080`, `wrk http://localhost:8080/`.
#include "http.hpp"

int main(int argc, char** argv) {
    return examples::serve<examples::Http>(argc, argv, "localhost:8080");
}
