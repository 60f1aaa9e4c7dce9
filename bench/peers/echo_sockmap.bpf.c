// The program that makes the kernel itself echo: it redirects whatever arrives on a socket of the
// map to the sending side of that socket.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct {
    __uint(type, BPF_MAP_TYPE_SOCKHASH);
    __uint(max_entries, 1); // the loader knows better
    __type(key, __u64);     // the socket's cookie
    __type(value, __u64);
} connections SEC(".maps");

// Called for what arrives, mostly in softirq context; the kernel's workqueue sends it.
SEC("sk_skb/stream_verdict")
int on_data(struct __sk_buff* data) {
    if (data->len == 0) return SK_DROP; // a FIN alone, of which user space hears
    __u64 cookie = bpf_get_socket_cookie(data);
    return bpf_sk_redirect_hash(data, &connections, &cookie, 0);
}
