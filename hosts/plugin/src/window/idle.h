// A name that DPF takes for granted where windows have the system's own timers.
#include "Base.hpp"

START_NAMESPACE_DISTRHO
using DGL_NAMESPACE::IdleCallback;
END_NAMESPACE_DISTRHO
