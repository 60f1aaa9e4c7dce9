// `chat [ENDPOINT [WORKERS]]`, then `nc localhost 7777`, twice.
#include "chat.hpp"

int main(int argc, char** argv) {
    examples::Room room; // outlives the server
    return examples::serve<examples::Chat>(argc, argv, "localhost:7777", {}, room);
}
