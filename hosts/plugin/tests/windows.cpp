// Opens the plug-ins' DLL as a Windows host would, as far as: it loads, and each format's entry answers.
//
//     windows PLUGIN.dll
#include <stdint.h>
#include <stdio.h>
#include <windows.h>

struct Entry {  // clap_plugin_entry
    uint32_t version[3];
    bool (*init)(const char* path);
    void (*deinit)();
    const void* (*factory)(const char* id);
};

struct Factory {  // clap_plugin_factory
    uint32_t (*count)(const Factory*);
};

struct Descriptor {  // LV2_Descriptor
    const char* uri;
};

template <class T>
static T entry(HMODULE library, const char* name) {
    return reinterpret_cast<T>(reinterpret_cast<void*>(GetProcAddress(library, name)));
}

int main(int count, char** words) {
    HMODULE library = count == 2 ? LoadLibraryA(words[1]) : nullptr;
    if (!library) return fprintf(stderr, "it does not load: error %lu\n", GetLastError()), 1;
    auto vst3 = entry<void* (*)()>(library, "GetPluginFactory");
    auto clap = entry<Entry*>(library, "clap_entry");
    auto lv2 = entry<const Descriptor* (*)(uint32_t)>(library, "lv2_descriptor");
    if (!vst3 || !clap || !lv2) return fprintf(stderr, "an entry is missing\n"), 1;
    bool begun = clap->init(words[1]);
    auto factory = static_cast<const Factory*>(clap->factory("clap.plugin-factory"));
    const Descriptor* first = lv2(0);
    printf("{\"vst3\": %d, \"clap\": %u, \"lv2\": \"%s\"}\n", vst3() != nullptr,
           begun && factory ? factory->count(factory) : 0, first ? first->uri : "");
    return 0;
}
