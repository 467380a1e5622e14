"""The methods of Slack's Web API that schedbot calls, a function each.

Each function checks in Slack's order: scope, channel, archived, membership, then the content.
"""

from schedbot.sandbox.methods.accounts import auth_test, oauth_access, users_info
from schedbot.sandbox.methods.call import Call, Method
from schedbot.sandbox.methods.chat import chat_delete, chat_update, post_message
from schedbot.sandbox.methods.conversations import conversations_info, conversations_open
from schedbot.sandbox.methods.history import conversations_history
from schedbot.sandbox.methods.replies import conversations_replies
from schedbot.sandbox.methods.uploads import complete_upload, files_info, get_upload_url

METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "chat.delete": chat_delete,
    "chat.postMessage": post_message,
    "chat.update": chat_update,
    "conversations.history": conversations_history,
    "conversations.info": conversations_info,
    "conversations.open": conversations_open,
    "conversations.replies": conversations_replies,
    "files.completeUploadExternal": complete_upload,
    "files.getUploadURLExternal": get_upload_url,
    "files.info": files_info,
    "oauth.v2.access": oauth_access,
    "users.info": users_info,
}

__all__ = ["METHODS", "Call", "Method"]
