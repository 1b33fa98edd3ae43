/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of the control connection: a line of JSON each, {"type": ...}. Both ends begin with "hello", the server
 * first; what follows is of the protocol that they have in common.
 *
 *     client                               server
 *                                          hello  protocol, version
 *     hello  protocol, version
 *     start  who sends, and what
 *                                          ready  it can receive: MAC, interface
 *     go     so can the client: MAC
 *         whoever sends does;  alive  each second, from both
 *     finish                                      an end that sends shall end: Ctrl-C, or the other has failed
 *     done                                 done   of an end that sends: it has sent all
 *     result                               result
 *
 * "error" with a sentence may come in place of any of them, and is the last.
 *
 * A member that is not known is ignored, one of a wrong type refused.
 */
#ifndef REMOTE_MESSAGE_H
#define REMOTE_MESSAGE_H

#include "common/json_read.h"
#include "channel.h"

#define MESSAGE_PROTOCOL 1

enum message_type {
	MESSAGE_HELLO,
	MESSAGE_START,
	MESSAGE_READY,
	MESSAGE_GO,
	MESSAGE_ALIVE,
	MESSAGE_FINISH,
	MESSAGE_DONE,
	MESSAGE_RESULT,
	MESSAGE_ERROR,
	MESSAGE_TYPES,
};

struct message {
	enum message_type type;
	struct json_object *root; /* NULL: none */
};

/* Return: 0 and *m, to be freed by message_free(); -EINVAL: it is none, *m is empty. */
int message_read(struct message *m, const char *line, size_t bytes);
void message_free(struct message *m);

/* The protocol of a hello. Return: 0: it says none. */
uint64_t message_protocol(const struct message *m);
/* Return: has it a MAC address, of one station? Frames to a group would reach who has not asked for them. */
bool message_mac(const struct message *m, uint8_t out[6]);
#define MESSAGE_MOST_REAL 1e18

/* A whole number from 0 to max. Return: false: there is none. */
bool message_number(struct json_object *o, const char *key, uint64_t max, uint64_t *out);
/* A number from 0 to MESSAGE_MOST_REAL. Return: false: there is none. */
bool message_real(struct json_object *o, const char *key, double *out);

/* A new one, to be given to message_send(); members are added with message_put() and json_object_object_add(). Return:
 * NULL without memory, which all of these take. */
struct json_object *message_new(enum message_type type);
void message_put(struct json_object *m, const char *key, struct json_object *value);
/* Somebody else may have chosen the text: names of interfaces. */
void message_put_text(struct json_object *m, const char *key, const char *text);
void message_put_mac(struct json_object *m, const uint8_t mac[6]);
/* m ends here. Return: 0, -errno. */
int message_send(struct channel *c, struct json_object *m);

#endif
