// SPDX-License-Identifier: GPL-2.0
/* The listening socket, the same for both designs. */
#include <linux/err.h>
#include <linux/inet.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "echo.h"

/* What connections inherit from the listener is set here, once, and not for each of them. */
static void set_options(struct sock *sk)
{
	sock_set_reuseaddr(sk);
	tcp_sock_set_nodelay(sk);
	/* Urgent data is data: an echo server returns every byte. */
	lock_sock(sk);
	sock_set_flag(sk, SOCK_URGINLINE);
	release_sock(sk);
}

static int bind_and_listen(struct socket *listener, struct sockaddr_storage *address, int backlog)
{
	int error;

	set_options(listener->sk);
	error = kernel_bind(listener, (struct sockaddr *)address, sizeof(*address));
	if (error)
		return error;
	return kernel_listen(listener, backlog);
}

/*
 * Not sock_create_kern(): TCP stops the timers of such a socket when it is closed, and so of the
 * connections that are cloned from it. Then nobody sends the end of an echo again that was lost, or
 * probes the window of a peer that reads late. This one also belongs to the network namespace of
 * whoever loads the module, and keeps it alive.
 */
struct socket *echo_listen(const char *address, unsigned short *port, int backlog)
{
	struct sockaddr_storage parsed = {};
	struct socket *listener;
	char figures[6];
	int error;

	snprintf(figures, sizeof(figures), "%u", *port);
	error = inet_pton_with_scope(current->nsproxy->net_ns, AF_UNSPEC, address, figures,
				     &parsed);
	if (error)
		return ERR_PTR(error);
	error = sock_create(parsed.ss_family, SOCK_STREAM, IPPROTO_TCP, &listener);
	if (error)
		return ERR_PTR(error);
	error = bind_and_listen(listener, &parsed, backlog);
	if (error) {
		sock_release(listener);
		return ERR_PTR(error);
	}
	*port = listener->sk->sk_num;
	return listener;
}
