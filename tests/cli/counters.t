# Matches of access lists: counted by flow, kept while the entry says the same, cleared.
@include router.part
Router(config-if)#exit
Router(config)#ip access-list standard HOSTS
Router(config-std-nacl)#remark not counted
Router(config-std-nacl)#deny host 10.0.0.9
Router(config-std-nacl)#permit 10.0.0.0 0.0.0.255
Router(config-std-nacl)#exit
Router(config)#access-list 100 permit udp any any eq domain
Router(config)#access-list 100 permit ip any any
Router(config)#ip nat inside source list HOSTS interface eth1 overload
@packet
@packet
Router(config)#do show access-lists
Standard IP access list HOSTS
    20 deny   10.0.0.9
    30 permit 10.0.0.0, wildcard bits 0.0.0.255 (1 match)
Extended IP access list 100
    10 permit udp any any eq domain
    20 permit ip any any
Router(config)#do clear ip nat translation *
@packet
Router(config)#do show access-lists HOSTS
Standard IP access list HOSTS
    20 deny   10.0.0.9
    30 permit 10.0.0.0, wildcard bits 0.0.0.255 (2 matches)
# entries that move or come do not touch the others
Router(config)#ip access-list standard HOSTS
Router(config-std-nacl)#5 deny host 10.0.0.8
Router(config-std-nacl)#do show access-lists HOSTS
Standard IP access list HOSTS
    5 deny   10.0.0.8
    20 deny   10.0.0.9
    30 permit 10.0.0.0, wildcard bits 0.0.0.255 (2 matches)
Router(config-std-nacl)#exit
# an entry that goes takes its matches along
Router(config)#no access-list 100
Router(config)#ip access-list standard HOSTS
Router(config-std-nacl)#no 30
Router(config-std-nacl)#permit 10.0.0.0 0.0.0.127
Router(config-std-nacl)#permit 10.0.0.0 0.0.0.255
Router(config-std-nacl)#do clear ip nat translation *
@packet
Router(config-std-nacl)#do show ip access-lists HOSTS
Standard IP access list HOSTS
    5 deny   10.0.0.8
    20 deny   10.0.0.9
    30 permit 10.0.0.0, wildcard bits 0.0.0.127 (1 match)
    40 permit 10.0.0.0, wildcard bits 0.0.0.255
Router(config-std-nacl)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#clear access-list counters 100
% Access list 100 does not exist
Router#clear access-list counters HOSTS
Router#show access-lists
Standard IP access list HOSTS
    5 deny   10.0.0.8
    20 deny   10.0.0.9
    30 permit 10.0.0.0, wildcard bits 0.0.0.127
    40 permit 10.0.0.0, wildcard bits 0.0.0.255
Router#clear access-list counters
Router#clear access-list
% Incomplete command.

