/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An echo server (RFC 862) inside the kernel, in two designs.
 *
 *	main.c		parameters, loading, unloading
 *	listener.c	the listening socket
 *	threads.c	the plain design: a kernel thread for each connection, blocking calls
 *	events.c	the fast design: echoes where the segment arrives, without any thread
 *	splice.c	sends a piece of a received packet, copied or by reference
 */
#ifndef KODAMA_ECHO_H
#define KODAMA_ECHO_H

#include <linux/atomic.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <net/sock.h>

/* How connections are served. Nothing of a design is running before start() and after stop(). */
struct echo_design {
	const char *name;
	/* Begins to accept from the listener, which stays the caller's. */
	int (*start)(struct socket *listener);
	/* Ends all connections and returns when no callback, work or thread is left. */
	void (*stop)(struct socket *listener);
};

extern const struct echo_design echo_threads;
extern const struct echo_design echo_events;

/* The connections that are open now; /sys/module/kodama_echo/parameters/connections shows it. */
extern atomic_t echo_connections;

/* Pieces shorter than this are copied, longer ones sent by reference (design=events). */
extern unsigned int echo_copybreak;

/* Binds and listens; *port is the port in the end, which matters where 0 asked for a free one. */
struct socket *echo_listen(const char *address, unsigned short *port, int backlog);

/*
 * Sends the beginning of the @length bytes at @offset of a received @skb, as much as lies in one
 * piece there and as fits into the send buffer. Never sleeps; the caller holds the socket's lock.
 * Returns how much was taken, or -EAGAIN, or the connection's error.
 */
int echo_send_piece(struct sock *sk, struct sk_buff *skb, unsigned int offset, size_t length);

#endif
