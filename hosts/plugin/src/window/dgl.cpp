// DGL, DPF's toolkit, but for what draws and what talks to the system.
// clang-format off
#include "plain.h"
#include "src/SubWidget.cpp"
#include "src/Application.cpp"
#include "src/ApplicationPrivateData.cpp"
#include "src/EventHandlers.cpp"
#include "src/SubWidgetPrivateData.cpp"
#include "src/TopLevelWidget.cpp"
#include "src/TopLevelWidgetPrivateData.cpp"
#include "src/Widget.cpp"
#include "src/WidgetPrivateData.cpp"
#include "src/Window.cpp"
#include "src/WindowPrivateData.cpp"
