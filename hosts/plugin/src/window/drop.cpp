#include "drop.h"

#ifdef MELISMA_LOADS

#include <string.h>

#include "loaded_x11.h"

namespace {

constexpr long VERSION = 5;     // of XDND
constexpr int LOOK_AGAIN = 60;  // polls until the windows around ours are looked at again
constexpr long MOST = 1 << 16;  // of a list of addresses, in units of 4 bytes

const char* const NAMES[] = {"XdndAware",     "XdndProxy",    "XdndEnter",      "XdndPosition",
                             "XdndStatus",    "XdndLeave",    "XdndDrop",       "XdndFinished",
                             "XdndSelection", "XdndTypeList", "XdndActionCopy", "text/uri-list",
                             "WM_STATE"};
enum Name {
    AWARE,
    PROXY,
    ENTER,
    POSITION,
    STATUS_SAYS,
    LEAVE,
    DROP,
    FINISHED,
    SELECTION,
    TYPES,
    COPY,
    ADDRESSES,
    STATE,
    COUNT
};

int heed_not(Display*, XErrorEvent*) { return 0; }

// Windows of others go when they like: as long as this lives nobody is ended for having asked one that is
// gone.
struct Careful {
    Display* display;
    XErrorHandler before;
    explicit Careful(Display* one) : display(one), before(XSetErrorHandler(heed_not)) {}
    ~Careful() {
        XSync(display, False);
        XSetErrorHandler(before);
    }
};

}  // namespace

struct Drop::Connection {
    Display* display;
    Heard heard;
    Window window, proxy, around = 0;  // around: the host's window that we have marked, too
    Atom names[COUNT];
    Window source = 0, target = 0;  // of what is being dragged
    bool addresses = false, over = false;
    int polls = 0;

    Atom name(Name which) const { return names[which]; }

    void put(Window where, Name property, Atom type, long value) {
        XChangeProperty(display, where, name(property), type, 32, PropModeReplace,
                        reinterpret_cast<const unsigned char*>(&value), 1);
    }

    // Up to `most` units of 4 bytes of a window's property; its type, 0 if there is none.
    Atom get(Window where, Atom property, bool gone, std::string& bytes) {
        Atom type = 0;
        int format = 0;
        unsigned long count = 0, after = 0;
        unsigned char* data = nullptr;
        bytes.clear();
        if (XGetWindowProperty(display, where, property, 0, MOST, gone, AnyPropertyType, &type, &format,
                               &count, &after, &data) != 0)
            return 0;
        size_t each = format == 32 ? sizeof(long) : static_cast<size_t>(format / 8);
        if (data) bytes.assign(reinterpret_cast<char*>(data), count * each), XFree(data);
        return type;
    }

    bool has(Window where, Name property) {
        std::string bytes;
        return get(where, name(property), false, bytes) != 0;
    }

    void mark(Window where) {
        put(where, AWARE, 4 /* XA_ATOM */, VERSION);
        put(where, PROXY, 33 /* XA_WINDOW */, static_cast<long>(proxy));
    }

    void unmark(Window where) {
        XDeleteProperty(display, where, name(AWARE));
        XDeleteProperty(display, where, name(PROXY));
    }

    // Many sources ask the desktop's window under the pointer alone and nothing within it: where that is the
    // host's and takes no drops itself, ours answers for it, and refuses what is not above us.
    void look_around() {
        Window at = window, root, parent, *children, found = 0, last = 0;
        unsigned int count;
        while (XQueryTree(display, at, &root, &parent, &children, &count)) {
            if (children) XFree(children);
            last = at;
            if (!found && has(at, STATE)) found = at;
            if (!parent || parent == root) break;
            at = parent;
        }
        if (!found) found = last;
        if (!found || found == window || found == around || has(found, AWARE)) return;
        if (around) unmark(around);
        mark(around = found);
    }

    void say(Name message, long first, long second) {
        XEvent event = {};
        event.xclient.type = ClientMessage;
        event.xclient.display = display;
        event.xclient.window = source;
        event.xclient.message_type = name(message);
        event.xclient.format = 32;
        event.xclient.data.l[0] = static_cast<long>(target);
        event.xclient.data.l[1] = first;
        (message == FINISHED ? event.xclient.data.l[2] : event.xclient.data.l[4]) = second;
        XSendEvent(display, source, False, NoEventMask, &event);
    }

    void hover(bool now) {
        if (now != over) heard.hovers(over = now);
    }

    bool within(long place) {
        int across, down;
        Window child;
        XWindowAttributes size;
        return XTranslateCoordinates(display, XDefaultRootWindow(display), window,
                                     static_cast<int>(place >> 16), static_cast<int>(place & 0xffff), &across,
                                     &down, &child) &&
               XGetWindowAttributes(display, window, &size) && across >= 0 && down >= 0 &&
               across < size.width && down < size.height;
    }

    void entered(const XClientMessageEvent& event) {
        std::string listed;
        source = static_cast<Window>(event.data.l[0]);
        if (event.data.l[1] & 1)
            get(source, name(TYPES), false, listed);
        else
            listed.assign(reinterpret_cast<const char*>(event.data.l + 2), 3 * sizeof(long));
        addresses = false;
        for (size_t i = 0; i + sizeof(long) <= listed.size(); i += sizeof(long)) {
            Atom type = 0;
            memcpy(&type, listed.data() + i, sizeof(long));
            addresses |= type == name(ADDRESSES);
        }
    }

    void moved(const XClientMessageEvent& event) {
        bool here = within(event.data.l[2]), takes = here && addresses;
        hover(takes);
        if (here && !addresses)
            heard.refused("only a model's file can be dropped here: one that ends in .melisma");
        say(STATUS_SAYS, takes ? 3 : 2, takes ? static_cast<long>(name(COPY)) : 0);  // 2: of every move
    }

    void dropped(const XClientMessageEvent& event) {
        if (over)
            XConvertSelection(display, name(SELECTION), name(ADDRESSES), name(SELECTION), proxy,
                              static_cast<Time>(event.data.l[2]));
        else
            finish(false);
    }

    void came(const XSelectionEvent& event) {
        std::string list, why = "what was dropped could not be read: choose the file in the menu", path;
        if (event.property && get(proxy, event.property, true, list) == name(ADDRESSES))
            path = dropped_model(list, why);
        finish(!path.empty());
        path.empty() ? heard.refused(why.c_str()) : heard.dropped(path.c_str());
    }

    void finish(bool taken) {
        say(FINISHED, taken, taken ? static_cast<long>(name(COPY)) : 0);
        hover(false);
        source = 0;
    }

    void hear(const XEvent& event) {
        if (event.type == SelectionNotify && source) return came(event.xselection);
        if (event.type != ClientMessage) return;
        const XClientMessageEvent& message = event.xclient;
        Atom type = message.message_type;
        if (type == name(ENTER)) return entered(message);
        if (!source || static_cast<Window>(message.data.l[0]) != source) return;
        target = message.window;
        if (type == name(POSITION)) moved(message);
        if (type == name(DROP)) dropped(message);
        if (type == name(LEAVE)) hover(false), source = 0;
    }
};

Drop::Drop(uintptr_t window, Heard heard) {
    Display* display = XOpenDisplay(nullptr);
    if (!display) return;
    x = std::make_unique<Connection>();
    x->display = display;
    x->heard = std::move(heard);
    x->window = window;
    for (int i = 0; i < COUNT; i++) x->names[i] = XInternAtom(display, NAMES[i], False);
    Careful careful(display);
    x->proxy = XCreateWindow(display, XDefaultRootWindow(display), -10, -10, 1, 1, 0, 0, InputOnly,
                             static_cast<Visual*>(nullptr), 0, nullptr);
    x->mark(x->proxy);
    x->mark(window);
}

Drop::~Drop() {
    if (!x) return;
    {
        Careful careful(x->display);
        x->unmark(x->window);
        if (x->around) x->unmark(x->around);
    }
    XCloseDisplay(x->display);
}

void Drop::poll() {
    if (!x) return;
    bool looks = x->polls++ % LOOK_AGAIN == 0;
    if (!looks && !XPending(x->display)) return;
    Careful careful(x->display);
    if (looks) x->look_around();
    while (XPending(x->display)) {
        XEvent event;
        XNextEvent(x->display, &event);
        x->hear(event);
    }
}

#else

struct Drop::Connection {};
Drop::Drop(uintptr_t, Heard) {}
Drop::~Drop() = default;
void Drop::poll() {}

#endif
