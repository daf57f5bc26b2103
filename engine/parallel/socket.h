#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// TCP connections that carry lines of text: the control channel between the ranks of a job.
namespace cloze {

// A socket, closed with the object.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int descriptor() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

struct HostPort {
  std::string host;
  int port = 0;
};

// Listens on `port` (0: any free one) of `host`; an empty host: on all interfaces. Throws Error.
Socket listen_on(const std::string& host, int port);
int port_of(const Socket& socket);
// The numeric address of this end of a connection, and of the other.
std::string local_address(const Socket& socket);
std::string peer_address(const Socket& socket);
bool is_loopback(const std::string& address);

// Connects to the first address of the host that answers; an empty socket and the reason where none does.
struct Connecting {
  Socket socket;
  std::string trouble;
};
Connecting connect_to(const HostPort& target, std::chrono::milliseconds patience);

// The name of this machine, and its addresses that others may reach: those that are not loopback first.
std::string host_name();
std::vector<std::string> host_addresses();

// Lines over a connection. Reading does not block; writing waits for the other side, but at most
// `patience`. Not for use by several threads at a time.
class LineConnection {
 public:
  LineConnection() = default;
  explicit LineConnection(Socket socket);

  const Socket& socket() const { return socket_; }
  bool open() const { return bool(socket_) && !closed_; }
  void close();
  bool write(std::string_view line, std::chrono::milliseconds patience = std::chrono::seconds(5));
  // Takes in what has come; afterwards next() gives the lines.
  void receive();
  std::optional<std::string> next();

 private:
  Socket socket_;
  bool closed_ = false;
  std::string pending_;
  std::deque<std::string> lines_;
};

}  // namespace cloze
