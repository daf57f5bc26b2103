#include "engine/parallel/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "engine/base/error.h"

namespace cloze {
namespace {

using std::chrono::milliseconds;

constexpr size_t longest_line = size_t{1} << 24;

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses resolve(const std::string& host, int port, bool to_listen, std::string& trouble) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0);
  if (to_listen && host.empty()) hints.ai_family = AF_INET;
  addrinfo* found = nullptr;
  const int code =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) trouble = fmt::format("{}: {}", host, ::gai_strerror(code));
  return {found, &::freeaddrinfo};
}

void set_option(const Socket& socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket.descriptor(), level, option, &on, sizeof on);
}

void do_not_block(const Socket& socket) {
  ::fcntl(socket.descriptor(), F_SETFL, ::fcntl(socket.descriptor(), F_GETFL) | O_NONBLOCK);
}

std::string numeric(const sockaddr_storage& address) {
  std::array<char, NI_MAXHOST> text{};
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), sizeof address, text.data(), text.size(),
                nullptr, 0, NI_NUMERICHOST);
  return text.data();
}

// errno of a connection attempt that was begun without blocking.
int finish_connecting(const Socket& socket, milliseconds patience) {
  pollfd waited{.fd = socket.descriptor(), .events = POLLOUT, .revents = 0};
  const int ready = ::poll(&waited, 1, static_cast<int>(patience.count()));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Socket listen_on(const std::string& host, int port) {
  std::string trouble;
  const Addresses addresses = resolve(host, port, true, trouble);
  for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
    Socket socket(::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    set_option(socket, SOL_SOCKET, SO_REUSEADDR);
    if (::bind(socket.descriptor(), a->ai_addr, a->ai_addrlen) == 0 &&
        ::listen(socket.descriptor(), SOMAXCONN) == 0) {
      do_not_block(socket);
      return socket;
    }
    trouble = system_message(errno);
  }
  throw Error({.what = fmt::format("cannot listen on port {}", port),
               .where = host.empty() ? host_name() : host,
               .why = trouble,
               .remedy = "another MASTER_PORT, or end the program that holds it"});
}

int port_of(const Socket& socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
                                       : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string local_address(const Socket& socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size);
  return numeric(address);
}

std::string peer_address(const Socket& socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  ::getpeername(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size);
  return numeric(address);
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

Connecting connect_to(const HostPort& target, milliseconds patience) {
  std::string trouble;
  const Addresses addresses = resolve(target.host, target.port, false, trouble);
  for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
    Socket socket(::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = ::connect(socket.descriptor(), a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = finish_connecting(socket, patience);
    if (error == 0) return {std::move(socket), {}};
    trouble = fmt::format("{} port {}: {}", target.host, target.port, system_message(error));
  }
  return {{}, trouble};
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::vector<std::string> host_addresses() {
  std::vector<std::string> reachable, loopback;
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return {"127.0.0.1"};
  for (const ifaddrs* i = found; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_UP) == 0) continue;
    sockaddr_storage address = {};
    reinterpret_cast<sockaddr_in&>(address) = *reinterpret_cast<const sockaddr_in*>(i->ifa_addr);
    ((i->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : reachable).push_back(numeric(address));
  }
  ::freeifaddrs(found);
  reachable.insert(reachable.end(), loopback.begin(), loopback.end());
  return reachable;
}

LineConnection::LineConnection(Socket socket) : socket_(std::move(socket)) {
  do_not_block(socket_);
  set_option(socket_, IPPROTO_TCP, TCP_NODELAY);
}

void LineConnection::close() {
  closed_ = true;
  socket_ = Socket();
}

bool LineConnection::write(std::string_view line, milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  const std::string message = std::string(line) + '\n';
  for (std::string_view rest = message; !rest.empty() && open();) {
    const ssize_t sent = ::send(socket_.descriptor(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      rest.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    if ((errno != EAGAIN && errno != EINTR) || left.count() <= 0) {
      closed_ = true;
      break;
    }
    pollfd waited{.fd = socket_.descriptor(), .events = POLLOUT, .revents = 0};
    ::poll(&waited, 1, static_cast<int>(left.count()));
  }
  return open();
}

void LineConnection::receive() {
  std::array<char, 1 << 14> part;
  while (open()) {
    const ssize_t count = ::recv(socket_.descriptor(), part.data(), part.size(), 0);
    if (count > 0) {
      pending_.append(part.data(), static_cast<size_t>(count));
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      closed_ = true;
    } else if (errno == EAGAIN) {
      break;
    }
  }
  size_t begin = 0;
  for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines_.push_back(pending_.substr(begin, end - begin));
  }
  pending_.erase(0, begin);
  if (pending_.size() > longest_line) close();  // not one of ours
}

std::optional<std::string> LineConnection::next() {
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

}  // namespace cloze
