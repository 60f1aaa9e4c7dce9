// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel thread for each connection, with blocking calls. What a thread does:
 *
 *	receive -> send all of it -> receive -> ... -> end of file or error -> close
 *
 * While it sends to a peer that does not read, it does not receive: so that peer is no longer read
 * either, and nobody else notices.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "echo.h"

#define BUFFER_SIZE (16 * 1024)

struct connection {
	struct list_head node;
	struct socket *socket;
	u8 buffer[BUFFER_SIZE];
};

static struct task_struct *acceptor;

/* The open connections: stop() shuts their sockets down, so the lock is held until a socket is out
 * of the list.
 */
static LIST_HEAD(connections);
static DEFINE_MUTEX(connections_lock);

/*
 * Each thread completes this once, as the last thing before it leaves the module's code for good.
 * (A counter that the threads decrement would let the module go while one of them still runs the
 * few instructions after it.) Whoever takes the completion counts the thread off; first that is the
 * acceptor, and once it is gone, stop().
 */
static DECLARE_COMPLETION(thread_ended);
static unsigned int threads_not_reaped;

/* A send may take less than it was given, even a blocking one: what is left must follow. */
static int send_all(struct socket *socket, u8 *data, size_t length)
{
	while (length > 0) {
		struct msghdr message = { .msg_flags = MSG_NOSIGNAL };
		struct kvec piece = { .iov_base = data, .iov_len = length };
		int sent = kernel_sendmsg(socket, &message, &piece, 1, length);

		if (sent < 0)
			return sent;
		data += sent;
		length -= sent;
	}
	return 0;
}

/* The length is what was received, whatever the bytes are. 0 is the peer's end of file. */
static void echo(struct connection *connection)
{
	int received;

	do {
		struct msghdr message = {};
		struct kvec space = { .iov_base = connection->buffer, .iov_len = BUFFER_SIZE };

		received = kernel_recvmsg(connection->socket, &message, &space, 1, BUFFER_SIZE, 0);
	} while (received > 0 && !send_all(connection->socket, connection->buffer, received));
}

/* After an end of file everything has been sent, and closing adds our FIN behind it. */
static int connection_thread(void *data)
{
	struct connection *connection = data;

	echo(connection);
	mutex_lock(&connections_lock);
	list_del(&connection->node);
	mutex_unlock(&connections_lock);
	sock_release(connection->socket);
	kfree(connection);
	atomic_dec(&echo_connections);
	kthread_complete_and_exit(&thread_ended, 0);
}

static int serve(struct socket *socket)
{
	struct connection *connection = kmalloc(sizeof(*connection), GFP_KERNEL);
	struct task_struct *thread;

	if (!connection)
		return -ENOMEM;
	connection->socket = socket;
	thread = kthread_create(connection_thread, connection, "kodama_echo");
	if (IS_ERR(thread)) {
		kfree(connection);
		return PTR_ERR(thread);
	}
	mutex_lock(&connections_lock);
	list_add(&connection->node, &connections);
	mutex_unlock(&connections_lock);
	atomic_inc(&echo_connections);
	threads_not_reaped++;
	wake_up_process(thread);
	return 0;
}

/*
 * Accepts, blocking: with O_NONBLOCK an empty queue is answered with -EAGAIN, and a loop around
 * that burns a core. Where resources are missing it waits a little; stop() ends the waiting.
 */
static int acceptor_thread(void *data)
{
	struct socket *listener = data;

	while (!kthread_should_stop()) {
		struct socket *socket;
		int error = kernel_accept(listener, &socket, 0);

		while (try_wait_for_completion(&thread_ended))
			threads_not_reaped--;
		if (!error) {
			error = serve(socket);
			if (error)
				sock_release(socket);
		}
		if (error && error != -ECONNABORTED)
			schedule_timeout_interruptible(HZ / 10);
	}
	return 0;
}

static int start(struct socket *listener)
{
	acceptor = kthread_run(acceptor_thread, listener, "kodama_echo_accept");
	return PTR_ERR_OR_ZERO(acceptor);
}

/* First no more connections come, then those that are there end, then their threads are awaited. */
static void stop(struct socket *listener)
{
	struct connection *connection;

	kernel_sock_shutdown(listener, SHUT_RDWR);
	kthread_stop(acceptor);
	mutex_lock(&connections_lock);
	list_for_each_entry(connection, &connections, node)
		kernel_sock_shutdown(connection->socket, SHUT_RDWR);
	mutex_unlock(&connections_lock);
	for (; threads_not_reaped > 0; threads_not_reaped--)
		wait_for_completion(&thread_ended);
}

const struct echo_design echo_threads = { .name = "threads", .start = start, .stop = stop };
