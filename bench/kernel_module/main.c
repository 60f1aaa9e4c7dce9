// SPDX-License-Identifier: GPL-2.0
/* Parameters, loading, unloading. Nothing else here prints: a line per message costs more than the
 * echo itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>

#include "echo.h"

static char *address = "127.0.0.1";
module_param(address, charp, 0444);
MODULE_PARM_DESC(address, "IPv4 or IPv6 address to listen on, in figures (127.0.0.1)");

static unsigned short port = 8889;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "port; 0 takes a free one, and this file then tells which (8889)");

static int backlog = 1024;
module_param(backlog, int, 0444);
MODULE_PARM_DESC(backlog, "connections that may wait to be accepted, 1 to 65535 (1024)");

static char *design = "events";
module_param(design, charp, 0444);
MODULE_PARM_DESC(design, "threads (one for each connection) or events (the default)");

unsigned int echo_copybreak = 512;
module_param_named(copybreak, echo_copybreak, uint, 0644);
MODULE_PARM_DESC(copybreak, "design=events: bytes from which pages are sent uncopied (512)");

atomic_t echo_connections = ATOMIC_INIT(0);

static int show_connections(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&echo_connections));
}

static const struct kernel_param_ops connections_operations = { .get = show_connections };
module_param_cb(connections, &connections_operations, NULL, 0444);
MODULE_PARM_DESC(connections, "not to be set: how many are open");

static const struct echo_design *chosen;
static struct socket *listener;

static const struct echo_design *find_design(const char *name)
{
	static const struct echo_design *const designs[] = { &echo_threads, &echo_events };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(designs); i++)
		if (sysfs_streq(name, designs[i]->name))
			return designs[i];
	return NULL;
}

static int __init echo_init(void)
{
	int error;

	chosen = find_design(design);
	if (!chosen) {
		pr_err("design=%s: must be threads or events\n", design);
		return -EINVAL;
	}
	if (backlog < 1 || backlog > 65535) {
		pr_err("backlog=%d: must be 1 to 65535\n", backlog);
		return -EINVAL;
	}
	listener = echo_listen(address, &port, backlog);
	if (IS_ERR(listener)) {
		pr_err("address=%s port=%u: error %ld\n", address, port, PTR_ERR(listener));
		return PTR_ERR(listener);
	}
	error = chosen->start(listener);
	if (error) {
		sock_release(listener);
		pr_err("design=%s: error %d\n", design, error);
		return error;
	}
	pr_info("listening on %s port %u, design %s\n", address, port, chosen->name);
	return 0;
}

static void __exit echo_exit(void)
{
	chosen->stop(listener);
	sock_release(listener);
	/*
	 * Whoever looked the listener, or a connection that it had not accepted yet, up before they
	 * were gone does so in an RCU section, and may be about to call our callback.
	 */
	synchronize_net();
}

module_init(echo_init);
module_exit(echo_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("the authors of kodama");
MODULE_DESCRIPTION("TCP echo server, a baseline for kodama");
