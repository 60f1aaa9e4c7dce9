// SPDX-License-Identifier: GPL-2.0
/* Sends a piece of a received packet, copied or by reference. */
#include <linux/bvec.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "echo.h"

struct piece {
	void *data;
	struct page *page; /* NULL where it may not be sent by reference */
	unsigned int page_offset;
	size_t length;
};

/*
 * Finds the bytes at @offset: in the packet's head (which may be slab memory, so it is copied), in
 * one of its pages, or in one of the packets that hang on it.
 */
static bool find_piece(struct sk_buff *skb, unsigned int offset, struct piece *piece)
{
	struct sk_buff *next;
	int i;

	if (offset < skb_headlen(skb)) {
		piece->data = skb->data + offset;
		piece->page = NULL;
		piece->length = skb_headlen(skb) - offset;
		return true;
	}
	offset -= skb_headlen(skb);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		if (offset < skb_frag_size(frag)) {
			piece->page = skb_frag_page(frag);
			piece->page_offset = skb_frag_off(frag) + offset;
			piece->data = page_address(piece->page) + piece->page_offset;
			piece->length = skb_frag_size(frag) - offset;
			return true;
		}
		offset -= skb_frag_size(frag);
	}
	skb_walk_frags(skb, next) {
		if (offset < next->len)
			return find_piece(next, offset, piece);
		offset -= next->len;
	}
	return false;
}

static int send_copy(struct sock *sk, const struct piece *piece, int flags)
{
	struct msghdr message = { .msg_flags = flags };
	struct kvec vector = { .iov_base = piece->data, .iov_len = piece->length };

	iov_iter_kvec(&message.msg_iter, WRITE, &vector, 1, piece->length);
	return tcp_sendmsg_locked(sk, &message, piece->length);
}

/*
 * Kbuild looks for the older call: that MSG_SPLICE_PAGES is defined does not tell, because later
 * releases of 6.1 define it without heeding it.
 */
#ifndef HAVE_TCP_SENDPAGE
static int send_page(struct sock *sk, const struct piece *piece, int flags)
{
	struct msghdr message = { .msg_flags = flags | MSG_SPLICE_PAGES };
	struct bio_vec vector;

	bvec_set_page(&vector, piece->page, piece->length, piece->page_offset);
	iov_iter_bvec(&message.msg_iter, WRITE, &vector, 1, piece->length);
	return tcp_sendmsg_locked(sk, &message, piece->length);
}
#else
static int send_page(struct sock *sk, const struct piece *piece, int flags)
{
	return tcp_sendpage_locked(sk, piece->page, piece->page_offset, piece->length, flags);
}
#endif

/*
 * MSG_NOSIGNAL because `current` is whichever process was interrupted; it must not get a SIGPIPE
 * for a connection of ours. MSG_MORE, as long as the same packet has more, keeps its pieces in one
 * segment; a send that finds no room pushes what was held back.
 */
int echo_send_piece(struct sock *sk, struct sk_buff *skb, unsigned int offset, size_t length)
{
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	struct piece piece;

	BUILD_BUG_ON(IS_ENABLED(CONFIG_HIGHMEM)); /* page_address() */
	if (WARN_ON_ONCE(!find_piece(skb, offset, &piece)))
		return -EFAULT;
	if (piece.length < length)
		flags |= MSG_MORE;
	else
		piece.length = length;
	if (piece.page && piece.length >= READ_ONCE(echo_copybreak) && sendpage_ok(piece.page))
		return send_page(sk, &piece, flags);
	return send_copy(sk, &piece, flags);
}
