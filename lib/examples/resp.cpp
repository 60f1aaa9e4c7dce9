// `resp [ENDPOINT [WORKERS]]`, then `redis-cli -p 6379 set key value`, `redis-benchmark -t
// get,set`.
#include "resp.hpp"

int main(int argc, char** argv) {
    return examples::serve<examples::Resp>(argc, argv, "localhost:6379");
}
