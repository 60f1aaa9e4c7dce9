// SPDX-License-Identifier: GPL-2.0
/*
 * Echoes where the segment arrives: TCP calls sk_data_ready while it holds the socket's lock,
 * mostly in a softirq, and there and then what is in the receive queue is handed to the send queue.
 * No thread is woken, no process switched to, and no memory of ours holds a byte: what the send
 * buffer does not take stays in the receive queue, whose window then closes, until TCP calls
 * sk_write_space. Kernel TLS sends from that callback in the same way.
 *
 * Everything of a connection happens under its socket's lock, in callbacks or in work items; so it
 * needs no lock of its own, and once the callbacks were replaced under that lock, none can be
 * running. What must sleep (accepting, closing) is left to a workqueue.
 */
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "echo.h"

#define RETRY_DELAY (HZ / 50)

struct connection {
	struct list_head node;
	struct socket *socket;
	struct work_struct close_work; /* queued once in a connection's life */
	struct delayed_work retry_work;
	bool closing;
	bool pumping;
};

/* What connections had before ours; the listener's own has been replaced when they are cloned. */
static void (*original_data_ready)(struct sock *sk);
static void (*original_state_change)(struct sock *sk);
static void (*original_write_space)(struct sock *sk);

static struct workqueue_struct *queue;
static struct socket *listener;
static struct delayed_work accept_work;

static LIST_HEAD(connections);
static DEFINE_MUTEX(connections_lock);

static void begin_close(struct connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	queue_work(queue, &connection->close_work);
}

static int take_piece(read_descriptor_t *descriptor, struct sk_buff *skb, unsigned int offset,
		      size_t length)
{
	struct connection *connection = descriptor->arg.data;
	int sent = echo_send_piece(connection->socket->sk, skb, offset, length);

	if (sent < 0)
		descriptor->error = sent;
	return sent;
}

/* Whether nothing will call us again: no ACK is awaited, and no timer probes a closed window. */
static bool is_forgotten(struct sock *sk)
{
	return !tcp_sk(sk)->packets_out && !inet_csk(sk)->icsk_pending;
}

/*
 * Hands over what was received, in order, until there is no more or no room. Sending can call
 * sk_write_space, and thereby come back here. A send that failed for want of memory while nothing
 * is under way has to be tried again: no event would remind us.
 */
static void pump(struct connection *connection)
{
	read_descriptor_t descriptor = { .count = 1, .arg.data = connection };
	struct sock *sk = connection->socket->sk;

	if (connection->pumping || connection->closing)
		return;
	/* tcp_read_sock() would stop at an urgent byte for ever. */
	if (unlikely(tcp_sk(sk)->urg_data))
		tcp_sk(sk)->urg_data = 0;
	connection->pumping = true;
	tcp_read_sock(sk, &descriptor, take_piece);
	connection->pumping = false;

	if (descriptor.error && descriptor.error != -EAGAIN)
		begin_close(connection);
	else if ((sk->sk_shutdown & RCV_SHUTDOWN) && skb_queue_empty(&sk->sk_receive_queue))
		begin_close(connection);
	else if (descriptor.error && is_forgotten(sk))
		queue_delayed_work(queue, &connection->retry_work, RETRY_DELAY);
}

/* Called for data and for a FIN alike; the FIN counts as a byte there. */
static void on_data_ready(struct sock *sk)
{
	struct connection *connection = sk->sk_user_data;

	if (connection)
		pump(connection);
}

/* Called for every ACK while the send buffer has run full; so often only until it has room. */
static void on_write_space(struct sock *sk)
{
	struct connection *connection = sk->sk_user_data;

	if (!connection || !sk_stream_is_writeable(sk))
		return;
	clear_bit(SOCK_NOSPACE, &connection->socket->flags);
	pump(connection);
}

/* Resets and timeouts end here; the packet that causes it may still be in use, so no pumping. */
static void on_state_change(struct sock *sk)
{
	struct connection *connection = sk->sk_user_data;

	if (connection && sk->sk_state == TCP_CLOSE)
		begin_close(connection);
}

static void retry(struct work_struct *work)
{
	struct connection *connection =
		container_of(to_delayed_work(work), struct connection, retry_work);
	struct sock *sk = connection->socket->sk;

	lock_sock(sk);
	pump(connection);
	release_sock(sk);
}

static void set_callbacks(struct sock *sk, void *user_data, void (*data_ready)(struct sock *),
			  void (*state_change)(struct sock *), void (*write_space)(struct sock *))
{
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = user_data;
	sk->sk_data_ready = data_ready;
	sk->sk_state_change = state_change;
	sk->sk_write_space = write_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* What is still to be sent, and our FIN behind it, is TCP's own affair from here on. */
static void close_connection(struct work_struct *work)
{
	struct connection *connection = container_of(work, struct connection, close_work);
	struct sock *sk = connection->socket->sk;

	mutex_lock(&connections_lock);
	list_del(&connection->node);
	mutex_unlock(&connections_lock);
	lock_sock(sk);
	set_callbacks(sk, NULL, original_data_ready, original_state_change, original_write_space);
	release_sock(sk);
	cancel_delayed_work_sync(&connection->retry_work);
	sock_release(connection->socket);
	kfree(connection);
	atomic_dec(&echo_connections);
}

/* Data, a FIN or a reset may have come before the callbacks were there. */
static int serve(struct socket *socket)
{
	struct connection *connection = kzalloc(sizeof(*connection), GFP_KERNEL);
	struct sock *sk = socket->sk;

	if (!connection)
		return -ENOMEM;
	connection->socket = socket;
	INIT_WORK(&connection->close_work, close_connection);
	INIT_DELAYED_WORK(&connection->retry_work, retry);
	mutex_lock(&connections_lock);
	list_add(&connection->node, &connections);
	mutex_unlock(&connections_lock);
	atomic_inc(&echo_connections);

	lock_sock(sk);
	/* In a softirq nothing may sleep, nor touch the interrupted task's memory. */
	sk->sk_allocation = GFP_ATOMIC;
	sk->sk_use_task_frag = false;
	set_callbacks(sk, connection, on_data_ready, on_state_change, on_write_space);
	pump(connection);
	on_state_change(sk);
	release_sock(sk);
	return 0;
}

/* An empty queue is no error but the end of the work: sk_data_ready tells of the next one. */
static void accept_all(struct work_struct *work)
{
	for (;;) {
		struct socket *socket;
		int error = kernel_accept(listener, &socket, O_NONBLOCK);

		if (error == -EAGAIN || error == -EINVAL)
			return;
		if (!error) {
			error = serve(socket);
			if (error)
				sock_release(socket);
		}
		if (error && error != -ECONNABORTED) {
			queue_delayed_work(queue, &accept_work, HZ / 10);
			return;
		}
		cond_resched();
	}
}

/* A connection that has not been accepted yet was cloned from the listener, callback included. */
static void on_listener_ready(struct sock *sk)
{
	if (sk->sk_state == TCP_LISTEN)
		mod_delayed_work(queue, &accept_work, 0);
}

static int start(struct socket *listening)
{
	struct sock *sk = listening->sk;

	queue = alloc_workqueue("kodama_echo", WQ_UNBOUND, 0);
	if (!queue)
		return -ENOMEM;
	listener = listening;
	original_data_ready = sk->sk_data_ready;
	original_state_change = sk->sk_state_change;
	original_write_space = sk->sk_write_space;
	INIT_DELAYED_WORK(&accept_work, accept_all);
	set_callbacks(sk, NULL, on_listener_ready, original_state_change, original_write_space);
	/* For whoever connected between listening and now. */
	mod_delayed_work(queue, &accept_work, 0);
	return 0;
}

/*
 * First no more connections come, then those that are there end, then their work is awaited. The
 * callback may still be running for the listener when the socket is shut down, hence the wait
 * before the accepting is cancelled for good.
 */
static void stop(struct socket *listening)
{
	struct connection *connection;
	struct sock *sk = listening->sk;

	kernel_sock_shutdown(listening, SHUT_RDWR);
	set_callbacks(sk, NULL, original_data_ready, original_state_change, original_write_space);
	synchronize_net();
	cancel_delayed_work_sync(&accept_work);

	mutex_lock(&connections_lock);
	list_for_each_entry(connection, &connections, node) {
		sk = connection->socket->sk;
		lock_sock(sk);
		begin_close(connection);
		release_sock(sk);
	}
	mutex_unlock(&connections_lock);
	destroy_workqueue(queue);
}

const struct echo_design echo_events = { .name = "events", .start = start, .stop = stop };
