// Preloaded into `cloze`: what it sends over TCP leaves at SLOW_LINK bytes per second at most.
#include <dlfcn.h>
#include <sys/socket.h>

#include <cstdlib>

namespace {

int paced(int descriptor) {
  static const char* const slow = std::getenv("SLOW_LINK");
  if (descriptor >= 0 && slow != nullptr) {
    const auto rate = static_cast<unsigned>(std::atoi(slow));
    ::setsockopt(descriptor, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof rate);
  }
  return descriptor;
}

template <typename Function>
Function* the_real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int connect(int descriptor, const sockaddr* address, socklen_t size) {
  static const auto real = the_real<int(int, const sockaddr*, socklen_t)>("connect");
  return real(paced(descriptor), address, size);
}

extern "C" int accept(int descriptor, sockaddr* address, socklen_t* size) {
  static const auto real = the_real<int(int, sockaddr*, socklen_t*)>("accept");
  return paced(real(descriptor, address, size));
}

extern "C" int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
  static const auto real = the_real<int(int, sockaddr*, socklen_t*, int)>("accept4");
  return paced(real(descriptor, address, size, flags));
}
