// DPF's sources are compiled as the core is, without exceptions: nothing in them throws but the C++ library,
// when there is no memory left. To be included before them, after what they include of the C++ library.
#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

// clang-format off
#define try if (true)
#define catch(...) else if (false)
// clang-format on
