/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions of every kind of name that C++ has. Nothing calls them: they are there to be found. */
#include <map>
#include <string>
#include <vector>

#define HERE __attribute__((noinline, used))

namespace net {

struct Base {
	virtual ~Base();
	virtual int ping();
	long base;
};

struct Other {
	virtual ~Other();
	virtual int pong();
	long other;
};

class Server : public Base, public Other {
public:
	Server();
	explicit Server(const char *name);
	~Server() override;
	int pong() override;
	int stop();
	int handle(int x, char c);
	int handle(const std::string &text);
	int size();
	int size() const;
	int find(const std::map<std::string, int> &by_name, unsigned long long start) const;
	Server &operator+=(int x);
	int operator[](int i) const;
	int operator()(int x, int y);
	operator bool() const;
	static void shut(std::vector<int> &all, void (*done)(const char *));

private:
	int value;
};

HERE Base::~Base() {}
HERE Other::~Other() {}
HERE int Base::ping() { return 1; }
HERE int Other::pong() { return 2; }
HERE Server::Server() : value(0) {}
HERE Server::Server(const char *name) : value(*name) {}
HERE Server::~Server() {}
HERE int Server::pong() { return value; }
HERE int Server::stop() { return --value; }
HERE int Server::handle(int x, char c) { return value + x + c; }
HERE int Server::handle(const std::string &text) { return value + static_cast<int>(text.size()); }
HERE int Server::size() { return ++value; }
HERE int Server::size() const { return value; }
HERE int Server::find(const std::map<std::string, int> &by_name, unsigned long long start) const
{
	return static_cast<int>(by_name.size() + start);
}
HERE Server &Server::operator+=(int x) { value += x; return *this; }
HERE int Server::operator[](int i) const { return value + i; }
HERE int Server::operator()(int x, int y) { return value + x * y; }
HERE Server::operator bool() const { return value != 0; }
HERE void Server::shut(std::vector<int> &all, void (*done)(const char *))
{
	all.clear();
	done("shut");
}

HERE bool operator<(const Server &a, const Server &b) { return a.size() < b.size(); }

template <class T> struct Table {
	T value;
	int find(T key);
	template <class K> int seek(K key);
};
template <class T> HERE int Table<T>::find(T key) { return static_cast<int>(value + key); }
template <class T> template <class K> HERE int Table<T>::seek(K key) { return static_cast<int>(value + key); }
template struct Table<int>;
template struct Table<char>;
template int Table<int>::seek<char>(char);

template <class T> HERE T largest(T a, T b) { return a < b ? b : a; }
template int largest<int>(int, int);
template long largest<long>(long, long);

inline namespace v2 {
HERE std::string label() { return "x"; } /* with an ABI tag: [abi:cxx11] */
}

} // namespace net

namespace {
HERE int hidden(int x) { return x * 3; }
HERE int twin(int x) { return x * 5; }
}

HERE int hidden(char c) { return c; }
HERE int twin(int x);
HERE int twin(int x) { return x * 11; }
HERE int outer(int x) { return hidden(x) + [](int y) __attribute__((noinline)) { return y * 7; }(x); }

extern "C" HERE int plain_c(int x) { return x + 1; }
