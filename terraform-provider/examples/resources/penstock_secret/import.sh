terraform import penstock_secret.chat_token company.team/CHAT_TOKEN
